#pragma once
// Fold kernels. Sums run in double, element by element in the order of the inputs, so the bits do
// not depend on blocks, vector width or threads.

#include <span>

#include "aggregation/tensor/tensor.h"

namespace tributary {

// accumulator[i] += weights[0]*inputs[0][i] + ... , one addition at a time from the left. All spans
// have the accumulator's length. `threads` workers share the elements in blocks.
void WeightedSum(std::span<double> accumulator, std::span<const std::span<const float>> inputs,
                 std::span<const double> weights, int threads = 1);

// Sum of squares in double, in four interleaved lanes added at the end; the same bits everywhere.
double SquaredNorm(std::span<const float> values);
double SquaredNorm(std::span<const double> values);

}  // namespace tributary
