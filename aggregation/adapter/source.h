#pragma once
// Where the starting values of factors come from: a seed, the SVD of a weight, or the SVD of a
// summed gradient. A seeded draw is keyed by (seed, factor, module, round), never by an index, and
// drawn rank by rank, so the draw of a smaller rank is the beginning of the draw of a larger one.

#include <span>

#include "aggregation/adapter/kind.h"
#include "aggregation/adapter/linear_algebra.h"

namespace tributary::adapter {

// kaiming: U(-1/sqrt(in), 1/sqrt(in)), PEFT's start of lora_A (He et al. 2015 with a = sqrt 5).
// normal: N(0, 1/in). orthonormal: normal draws, then Gram-Schmidt, in double, rounded to f32; rows
// (or columns, of a factor whose columns are ranks) have norm 1 and are orthogonal to 1e-6.
enum class Distribution { kZero, kKaiming, kNormal, kOrthonormal };

struct SeedSource {
  Distribution distribution = Distribution::kZero;
  uint64_t seed = 0;
  int64_t round = 0;  // 0: the run's start
};

// The start of `factor` at a target and a rank, f32. One dimension of the factor must be the rank;
// a factor of ranks alone starts at zero.
Tensor Draw(const SeedSource& source, const FactorSpec& factor, const Target& target, int64_t rank);

// The frame of a sandwich: B with orthonormal columns, A with orthonormal rows, and R between them.
struct Frame {
  Matrix left, core, right;
};
// LoRA-SB (Ponkshe et al. 2024): the best rank-r form of D0 = -step * sign(gradient), the first
// step of an adaptive optimizer; R = diag(singular values) / scale. Error: a gradient that is all
// zero.
Result<Frame> GradientFrame(const TensorView& gradient, double step, double scale, int64_t rank);
// As in LoRA-XS (Balazy et al. 2024): the leading singular vectors of the weight; R = 0.
Frame WeightFrame(const TensorView& weight, int64_t rank);

}  // namespace tributary::adapter
