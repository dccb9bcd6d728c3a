#include "privacy/crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "aggregation/base/status.h"

namespace tributary::privacy {

bool EqualInConstantTime(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Mac HmacSha256(std::span<const std::byte> key, std::span<const std::byte> message) {
  static const unsigned char kNothing = 0;  // OpenSSL takes a null key for "the one from before"
  Mac mac;
  unsigned int size = 0;
  const unsigned char* const made =
      HMAC(EVP_sha256(), key.empty() ? &kNothing : static_cast<const void*>(key.data()),
           static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
           message.size(), reinterpret_cast<unsigned char*>(mac.bytes.data()), &size);
  TRIBUTARY_CHECK(made && size == mac.bytes.size(), "OpenSSL offers HMAC-SHA256");
  return mac;
}

}  // namespace tributary::privacy
