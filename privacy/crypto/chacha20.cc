#include "privacy/crypto/chacha20.h"

#include <openssl/evp.h>

#include <algorithm>

#include "aggregation/base/status.h"

namespace tributary::privacy {
namespace {

constexpr size_t kLargestCall = size_t{1} << 30;        // OpenSSL counts bytes in int
constexpr uint64_t kLargestStream = uint64_t{1} << 38;  // 2^32 blocks of 64 bytes

unsigned char* Raw(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

struct ChaCha20::State {
  // EVP_CIPHER_CTX_free wipes the expanded key.
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context{EVP_CIPHER_CTX_new(),
                                                                          &EVP_CIPHER_CTX_free};
  uint64_t produced = 0;
};

ChaCha20::ChaCha20(const Key& key) : state_(std::make_unique<State>()) {
  const unsigned char counter_and_nonce[16] = {};
  TRIBUTARY_CHECK(
      state_->context && EVP_EncryptInit_ex(state_->context.get(), EVP_chacha20(), nullptr,
                                            reinterpret_cast<const unsigned char*>(key.data()),
                                            counter_and_nonce) == 1,
      "OpenSSL offers ChaCha20");
}
ChaCha20::~ChaCha20() = default;
ChaCha20::ChaCha20(ChaCha20&&) noexcept = default;
ChaCha20& ChaCha20::operator=(ChaCha20&&) noexcept = default;

void ChaCha20::Keystream(std::span<std::byte> out) {
  state_->produced += out.size();
  TRIBUTARY_CHECK(state_->produced <= kLargestStream, "a ChaCha20 stream stays within its counter");
  std::fill(out.begin(), out.end(), std::byte{0});
  while (!out.empty()) {
    const auto part = out.first(std::min(out.size(), kLargestCall));
    int written = 0;
    TRIBUTARY_CHECK(EVP_EncryptUpdate(state_->context.get(), Raw(part), &written, Raw(part),
                                      static_cast<int>(part.size())) == 1 &&
                        static_cast<size_t>(written) == part.size(),
                    "ChaCha20");
    out = out.subspan(part.size());
  }
}

}  // namespace tributary::privacy
