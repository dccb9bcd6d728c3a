#pragma once
// Memory that held a secret, and what becomes of it.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tributary::privacy {

// Overwrites memory in a way that the compiler may not remove.
void Wipe(std::span<std::byte> bytes);
void Wipe(std::string& text);  // with its spare capacity; leaves it empty

// A buffer of fixed size that wipes itself. It moves and never copies: whoever wants a copy says
// so. What a library that reads it keeps is that library's affair.
class Secret {
 public:
  Secret() = default;
  explicit Secret(size_t size) : bytes_(std::make_unique<std::byte[]>(size)), size_(size) {}
  static Secret CopyOf(std::span<const std::byte> bytes);
  static Secret CopyOf(std::string_view text);
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;

  size_t size() const { return size_; }
  std::span<std::byte> bytes() { return {bytes_.get(), size_}; }
  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }
  std::string_view text() const;

 private:
  std::unique_ptr<std::byte[]> bytes_;
  size_t size_ = 0;
};

}  // namespace tributary::privacy
