#include "privacy/discrete_gaussian.h"

namespace tributary::privacy {
namespace {

using Wide = unsigned __int128;

// Loops below end soon and pass this count with probability under e^-300: then the random bits are
// broken.
constexpr int64_t kPatience = 1024;

// exp(-numerator/denominator) for a fraction of at most 1: the run of successes of coins of
// probability fraction/k, k = 1, 2, ..., has even length with that probability (algorithm 1).
bool BernoulliExpOfFraction(BitSource& bits, Wide numerator, Wide denominator) {
  for (int64_t k = 1; k < kPatience; ++k)
    if (bits.Below128(denominator * static_cast<Wide>(k)) >= numerator) return k % 2 == 1;
  CheckFailed(__FILE__, __LINE__, "random bits are random");
}

// The same for the fraction 1, whose first coin is certain.
bool BernoulliExpOfOne(BitSource& bits) {
  for (uint64_t k = 2; k < kPatience; ++k)
    if (bits.Below(k) != 0) return k % 2 == 1;
  CheckFailed(__FILE__, __LINE__, "random bits are random");
}

// Discrete Laplace: P(y) proportional to exp(-|y|/scale) (algorithm 2, with t = scale, s = 1).
int64_t SampleDiscreteLaplace(BitSource& bits, int64_t scale) {
  const auto wide_scale = static_cast<Wide>(scale);
  for (int64_t tries = 0; tries < kPatience; ++tries) {
    const uint64_t low = bits.Below(static_cast<uint64_t>(scale));
    if (!BernoulliExpOfFraction(bits, low, wide_scale)) continue;
    int64_t high = 0;
    while (BernoulliExpOfOne(bits)) TRIBUTARY_CHECK(++high < kPatience, "random bits are random");
    const int64_t magnitude = static_cast<int64_t>(low) + scale * high;
    const bool negative = (bits.Next64() >> 63) != 0;
    if (negative && magnitude == 0) continue;  // zero must not count twice
    return negative ? -magnitude : magnitude;
  }
  CheckFailed(__FILE__, __LINE__, "random bits are random");
}

}  // namespace

bool BernoulliExp(BitSource& bits, Wide numerator, Wide denominator) {
  for (; numerator > denominator; numerator -= denominator)
    if (!BernoulliExpOfOne(bits)) return false;
  return BernoulliExpOfFraction(bits, numerator, denominator);
}

// Rejection from the Laplace of the same scale s (algorithm 3 with t = s; any t is exact):
// exp(-y^2/(2s^2)) / exp(-|y|/s) is proportional to exp(-(|y|-s)^2/(2s^2)).
int64_t SampleDiscreteGaussian(BitSource& bits, int64_t scale) {
  TRIBUTARY_CHECK(scale >= 1 && scale <= kLargestScale, "the noise's scale is within its range");
  const auto wide_scale = static_cast<Wide>(scale);
  for (int64_t tries = 0; tries < kPatience; ++tries) {
    const int64_t y = SampleDiscreteLaplace(bits, scale);
    const int64_t distance = (y < 0 ? -y : y) - scale;
    const auto wide = static_cast<Wide>(distance < 0 ? -distance : distance);
    if (BernoulliExp(bits, wide * wide, 2 * wide_scale * wide_scale)) return y;
  }
  CheckFailed(__FILE__, __LINE__, "random bits are random");
}

}  // namespace tributary::privacy
