#include "aggregation/tensor/kernels.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "aggregation/tensor/kernels_block.h"

namespace tributary {
namespace kernels {
TRIBUTARY_SUM_BLOCK(SumBlockPortable)
}  // namespace kernels

namespace {

constexpr size_t kBlock =
    4096;  // elements: a block of the accumulator stays in the first-level cache

template <typename T>
double SquaredNormLanes(std::span<const T> values) {
  double lanes[4] = {0, 0, 0, 0};
  size_t i = 0;
  for (; i + 4 <= values.size(); i += 4)
    for (size_t j = 0; j < 4; ++j) {
      const double x = static_cast<double>(values[i + j]);
      lanes[j] += x * x;
    }
  for (size_t j = 0; i < values.size(); ++i, ++j)
    lanes[j] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

}  // namespace

void WeightedSum(std::span<double> accumulator, std::span<const std::span<const float>> inputs,
                 std::span<const double> weights, int threads) {
  TRIBUTARY_CHECK(inputs.size() == weights.size(), "a weight for every input");
  for (const auto& input : inputs)
    TRIBUTARY_CHECK(input.size() == accumulator.size(), "inputs have the accumulator's length");
  kernels::SumBlock* const avx2 = kernels::SumBlockForAvx2();
  kernels::SumBlock* const sum_block = avx2 != nullptr ? avx2 : kernels::SumBlockPortable;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    std::vector<const float*> at(inputs.size());
    for (size_t begin = kBlock * next++; begin < accumulator.size(); begin = kBlock * next++) {
      const size_t n = std::min(kBlock, accumulator.size() - begin);
      for (size_t k = 0; k < inputs.size(); ++k) at[k] = inputs[k].data() + begin;
      sum_block(accumulator.data() + begin, at.data(), weights.data(), inputs.size(), n);
    }
  };
  std::vector<std::jthread> helpers;
  for (int t = 1; t < threads && static_cast<size_t>(t) * kBlock < accumulator.size(); ++t)
    helpers.emplace_back(work);
  work();
}

double SquaredNorm(std::span<const float> values) { return SquaredNormLanes(values); }
double SquaredNorm(std::span<const double> values) { return SquaredNormLanes(values); }

}  // namespace tributary
