#pragma once
// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A stream is named by a seed, a purpose and names, never by an index or by the
// order of arrival, so equal names give equal numbers on every compiler, thread and machine.
// For simulation and training only; noise that protects privacy comes from privacy/noise_source.h.
// Rule for callers: one draw per statement, since compilers order arguments differently.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

namespace tributary {

class Random {
 public:
  // Stream (seed, purpose, names...): Random(7, "shuffle", {"client-3", "round-2"}).
  Random(uint64_t seed, std::string_view purpose,
         std::initializer_list<std::string_view> names = {});

  uint32_t Next32();
  uint64_t Next64();
  double Uniform();                // in [0, 1), 53 bits
  double Normal();                 // mean 0, standard deviation 1 (Box-Muller, one value per call)
  double Exponential();            // mean 1
  uint64_t Below(uint64_t bound);  // in [0, bound), unbiased (Lemire, 2019); bound > 0

  void FillUniform(std::span<float> out, float low, float high);
  void FillNormal(std::span<float> out, float standard_deviation);

  template <typename T>
  void Shuffle(std::span<T> items) {  // Fisher-Yates, from the back
    for (size_t i = items.size(); i > 1; --i) {
      const uint64_t j = Below(i);
      std::swap(items[i - 1], items[j]);
    }
  }

 private:
  void Refill();

  std::array<uint32_t, 2> key_{};
  uint64_t counter_ = 0;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
};

// A 64-bit seed derived from another by a purpose, for handing on.
uint64_t DeriveSeed(uint64_t seed, std::string_view purpose);

}  // namespace tributary
