#pragma once
// The one inner loop of WeightedSum, compiled twice: for any processor and for AVX2.

#include <cstddef>

namespace tributary::kernels {

// accumulator[i] += weights[k] * inputs[k][i] for k = 0..count-1 in order, i < n.
using SumBlock = void(double* accumulator, const float* const* inputs, const double* weights,
                      size_t count, size_t n);

SumBlock SumBlockPortable;
SumBlock* SumBlockForAvx2();  // null on a processor without AVX2

#define TRIBUTARY_SUM_BLOCK(NAME)                                                                 \
  void NAME(double* accumulator, const float* const* inputs, const double* weights, size_t count, \
            size_t n) {                                                                           \
    constexpr size_t kLanes = 16;                                                                 \
    size_t i = 0;                                                                                 \
    for (; i + kLanes <= n; i += kLanes) {                                                        \
      double sum[kLanes];                                                                         \
      for (size_t j = 0; j < kLanes; ++j) sum[j] = accumulator[i + j];                            \
      for (size_t k = 0; k < count; ++k) {                                                        \
        const float* x = inputs[k] + i;                                                           \
        const double w = weights[k];                                                              \
        for (size_t j = 0; j < kLanes; ++j) sum[j] += w * static_cast<double>(x[j]);              \
      }                                                                                           \
      for (size_t j = 0; j < kLanes; ++j) accumulator[i + j] = sum[j];                            \
    }                                                                                             \
    for (; i < n; ++i)                                                                            \
      for (size_t k = 0; k < count; ++k)                                                          \
        accumulator[i] += weights[k] * static_cast<double>(inputs[k][i]);                         \
  }

}  // namespace tributary::kernels
