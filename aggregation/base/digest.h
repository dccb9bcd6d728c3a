#pragma once
// SHA-256 (FIPS 180-4), the only digest of the project: of files, updates, plans and records.

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary {

struct Digest {
  std::array<unsigned char, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  std::string Hex() const;  // 64 lower-case digits
  static Result<Digest> FromHex(std::string_view hex);
};

// Feeds bytes in pieces. One thread at a time.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  Hasher& Update(std::span<const std::byte> bytes);
  Hasher& Update(std::string_view text);
  Digest Finish();  // may be called once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest Sha256(std::string_view text);
Digest Sha256(std::span<const std::byte> bytes);
Result<Digest> Sha256File(const std::filesystem::path& path);

}  // namespace tributary
