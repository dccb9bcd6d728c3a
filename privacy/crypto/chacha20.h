#pragma once
// The keystream of ChaCha20 (RFC 8439), from which noise is made.

#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace tributary::privacy {

// With a zero nonce, from block 0 on. At most 256 GiB; asking for more stops the process. The key
// is wiped on destruction. One thread at a time.
class ChaCha20 {
 public:
  using Key = std::array<std::byte, 32>;
  explicit ChaCha20(const Key& key);
  ~ChaCha20();
  ChaCha20(ChaCha20&&) noexcept;
  ChaCha20& operator=(ChaCha20&&) noexcept;

  void Keystream(std::span<std::byte> out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tributary::privacy
