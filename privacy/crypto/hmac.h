#pragma once
// HMAC-SHA256 (RFC 2104, FIPS 198-1), and comparisons that take as long whatever the bytes are.

#include <array>
#include <cstddef>
#include <span>

namespace tributary::privacy {

// False at once if the lengths differ, which are no secret.
bool EqualInConstantTime(std::span<const std::byte> a, std::span<const std::byte> b);

// An authentication code. `==` is in constant time.
struct Mac {
  std::array<std::byte, 32> bytes{};
  bool operator==(const Mac& other) const { return EqualInConstantTime(bytes, other.bytes); }
};

// Keys of any length; those of more than 64 bytes are hashed first, as the standard says.
Mac HmacSha256(std::span<const std::byte> key, std::span<const std::byte> message);

}  // namespace tributary::privacy
