#pragma once
// Where random bits for noise (and for the secret coins of Poisson sampling) come from. There are
// two sources: the secure one, and a seeded one for simulations, which protects nobody and says so.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary::privacy {

// A stream of uniform 64-bit words. One thread at a time.
class BitSource {
 public:
  virtual ~BitSource();
  BitSource() = default;
  BitSource(const BitSource&) = delete;
  BitSource& operator=(const BitSource&) = delete;

  uint64_t Next64() {
    if (used_ == buffer_.size() || forks_ != Forks()) Refill();
    return buffer_[used_++];
  }
  // In [0, bound), unbiased; bound > 0.
  uint64_t Below(uint64_t bound);
  unsigned __int128 Below128(unsigned __int128 bound);

 protected:
  virtual void Fill(std::span<uint64_t> words) = 0;
  // Called before the first Fill and after a fork.
  virtual void Rekey() {}

 private:
  // Changes when the process forks: key and words from before are known to two processes.
  static uint64_t Forks();
  void Refill();

  std::array<uint64_t, 512> buffer_{};
  size_t used_ = buffer_.size();
  uint64_t forks_ = 0;
};

class NoiseSource {
 public:
  virtual ~NoiseSource() = default;
  // False: whatever is made with it is a simulation and not private, and every artefact must say
  // so.
  virtual bool is_private() const = 0;
  virtual std::string_view statement() const = 0;  // one line for artefacts
  // The bits of one call of a mechanism on one tensor. Names must not repeat: a seeded source gives
  // equal bits for equal names. May be called from several threads.
  virtual std::unique_ptr<BitSource> Open(std::string_view name) = 0;
};

// A fresh ChaCha20 key from the operating system for every Open and after a fork. An error if the
// health test below fails.
Result<std::unique_ptr<NoiseSource>> SecureNoise();

// For simulations only: a function of the seed and the names.
std::unique_ptr<NoiseSource> SeededNoise(uint64_t seed);

// Refuses bits that are plainly broken: two streams that agree, or 1 MiB whose count of ones or of
// byte values is off by more than chance allows once in 10^9 times.
Status CheckHealth(BitSource& first, BitSource& second);

}  // namespace tributary::privacy
