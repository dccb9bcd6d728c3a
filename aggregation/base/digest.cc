#include "aggregation/base/digest.h"

#include <openssl/evp.h>

#include "aggregation/base/file.h"

namespace tributary {

std::string Digest::Hex() const {
  std::string hex;
  for (unsigned char b : bytes) hex += fmt::format("{:02x}", b);
  return hex;
}

Result<Digest> Digest::FromHex(std::string_view hex) {
  Digest digest;
  if (hex.size() != 64) return InvalidArgument("digest has {} characters, expected 64", hex.size());
  for (size_t i = 0; i < 64; ++i) {
    const char c = hex[i];
    const int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (v < 0) return InvalidArgument("digest holds '{}', expected lower-case hexadecimal", c);
    digest.bytes[i / 2] = static_cast<unsigned char>(digest.bytes[i / 2] * 16 + v);
  }
  return digest;
}

struct Hasher::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  TRIBUTARY_CHECK(
      state_->context && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1,
      "OpenSSL offers SHA-256");
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::Update(std::span<const std::byte> bytes) {
  TRIBUTARY_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1,
                  "SHA-256");
  return *this;
}
Hasher& Hasher::Update(std::string_view text) { return Update(std::as_bytes(std::span(text))); }

Digest Hasher::Finish() {
  Digest digest;
  TRIBUTARY_CHECK(EVP_DigestFinal_ex(state_->context.get(), digest.bytes.data(), nullptr) == 1,
                  "SHA-256");
  return digest;
}

Digest Sha256(std::string_view text) { return Hasher().Update(text).Finish(); }
Digest Sha256(std::span<const std::byte> bytes) { return Hasher().Update(bytes).Finish(); }

Result<Digest> Sha256File(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  return Sha256(file.bytes());
}

}  // namespace tributary
