#include "privacy/crypto/secret.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

namespace tributary::privacy {

void Wipe(std::span<std::byte> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

void Wipe(std::string& text) {
  text.resize(text.capacity());
  Wipe(std::as_writable_bytes(std::span(text)));
  text.clear();
}

Secret Secret::CopyOf(std::span<const std::byte> bytes) {
  Secret secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.bytes().begin());
  return secret;
}

Secret Secret::CopyOf(std::string_view text) { return CopyOf(std::as_bytes(std::span(text))); }

Secret::~Secret() { Wipe(bytes()); }

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  Secret taken(std::move(other));
  std::swap(bytes_, taken.bytes_);  // so `taken` wipes what was here
  std::swap(size_, taken.size_);
  return *this;
}

std::string_view Secret::text() const {
  return {reinterpret_cast<const char*>(bytes_.get()), size_};
}

}  // namespace tributary::privacy
