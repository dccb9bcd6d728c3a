#include "privacy/crypto/random.h"

#include <openssl/rand.h>

#include <algorithm>

#include "aggregation/base/status.h"

namespace tributary::privacy {

void SecureRandomBytes(std::span<std::byte> out) {
  constexpr size_t kLargestCall = size_t{1} << 30;  // OpenSSL counts bytes in int
  while (!out.empty()) {
    const auto part = out.first(std::min(out.size(), kLargestCall));
    TRIBUTARY_CHECK(RAND_priv_bytes(reinterpret_cast<unsigned char*>(part.data()),
                                    static_cast<int>(part.size())) == 1,
                    "the operating system gives secure random bytes");
    out = out.subspan(part.size());
  }
}

}  // namespace tributary::privacy
