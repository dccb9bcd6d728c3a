#pragma once
// The discrete Gaussian N_Z(0, s^2), sampled exactly: Canonne, Kamath, Steinke, "The discrete
// Gaussian for differential privacy" (NeurIPS 2020), with integers alone. Nothing here rounds, so
// attacks on rounding do not apply. About 10 words of random bits per sample.

#include <cstdint>

#include "privacy/noise_source.h"

namespace tributary::privacy {

inline constexpr int64_t kLargestScale = int64_t{1} << 42;

// One sample; 1 <= scale <= kLargestScale. P(k) is proportional to exp(-k^2 / (2 scale^2)).
int64_t SampleDiscreteGaussian(BitSource& bits, int64_t scale);

// True with probability exp(-numerator/denominator); denominator in [1, 2^90].
bool BernoulliExp(BitSource& bits, unsigned __int128 numerator, unsigned __int128 denominator);

}  // namespace tributary::privacy
