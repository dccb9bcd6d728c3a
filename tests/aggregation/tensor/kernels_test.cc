// The kernels against the plainest code that does the same, bit by bit.

#include "aggregation/tensor/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aggregation/base/random.h"
#include "aggregation/tensor/kernels_block.h"

namespace tributary {
namespace {

struct Inputs {
  std::vector<std::vector<float>> values;
  std::vector<double> weights;
  std::vector<std::span<const float>> spans;
  std::vector<const float*> pointers;
  std::vector<double> start;

  Inputs(uint64_t seed, size_t count, size_t size) : values(count), start(size) {
    Random random(seed, "kernel inputs");
    for (auto& input : values) {
      input.resize(size);
      random.FillNormal(input, 3);
      for (float& x : input) {
        const uint64_t rare = random.Below(100);
        if (rare == 0) x *= 1e30F;
        if (rare == 1) x *= 1e-38F;  // subnormal
      }
      weights.push_back(random.Uniform());
    }
    for (double& x : start) x = random.Normal();
    for (const auto& input : values) {
      spans.emplace_back(input);
      pointers.push_back(input.data());
    }
  }
  std::vector<double> Reference() const {
    std::vector<double> sum = start;
    for (size_t i = 0; i < sum.size(); ++i)
      for (size_t k = 0; k < values.size(); ++k) {
        const double product = weights[k] * static_cast<double>(values[k][i]);
        sum[i] = sum[i] + product;
      }
    return sum;
  }
};

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
    return std::bit_cast<uint64_t>(x) == std::bit_cast<uint64_t>(y);
  });
}

constexpr size_t kSizes[] = {0, 1, 3, 4, 15, 16, 17, 63, 4095, 4096, 4097, 8192, 50'000};

TEST(WeightedSum, HasTheReferencesBitsForAnyNumberOfThreads) {
  for (const size_t size : kSizes)
    for (const size_t count : {0, 1, 2, 7, 10}) {
      const Inputs inputs(size + count, count, size);
      const auto expected = inputs.Reference();
      for (const int threads : {0, 1, 2, 3, 8}) {
        auto sum = inputs.start;
        WeightedSum(sum, inputs.spans, inputs.weights, threads);
        ASSERT_TRUE(SameBits(sum, expected))
            << size << " elements, " << count << " inputs, " << threads << " threads";
      }
    }
}

TEST(WeightedSum, HasTheSameBitsWithEveryInstructionSet) {
  kernels::SumBlock* const blocks[] = {kernels::SumBlockPortable, kernels::SumBlockForAvx2()};
  int compared = 0;
  for (kernels::SumBlock* const block : blocks) {
    if (block == nullptr) continue;  // this processor has no AVX2
    ++compared;
    for (const size_t size : kSizes) {
      const Inputs inputs(size, 9, size);
      auto sum = inputs.start;
      block(sum.data(), inputs.pointers.data(), inputs.weights.data(), 9, size);
      ASSERT_TRUE(SameBits(sum, inputs.Reference())) << size;
    }
  }
  RecordProperty("instruction_sets", compared);
}

TEST(WeightedSum, InGroupsIsTheSameAsAtOnce) {
  const Inputs inputs(1, 50, 10'000);
  auto sum = inputs.start;
  for (size_t begin = 0; begin < 50; begin += 8) {
    const size_t n = std::min<size_t>(8, 50 - begin);
    WeightedSum(sum, std::span(inputs.spans).subspan(begin, n),
                std::span(inputs.weights).subspan(begin, n), 2);
  }
  EXPECT_TRUE(SameBits(sum, inputs.Reference()));
}

TEST(WeightedSum, ReadsInputsAtAnyAddress) {
  const Inputs inputs(2, 3, 1000);
  const std::vector<std::span<const float>> shifted = {inputs.spans[0].subspan(1, 900),
                                                       inputs.spans[1].subspan(2, 900),
                                                       inputs.spans[2].subspan(3, 900)};
  std::vector<double> sum(900), expected(900);
  for (size_t i = 0; i < 900; ++i)
    for (size_t k = 0; k < 3; ++k) {
      const double product = inputs.weights[k] * static_cast<double>(inputs.values[k][i + k + 1]);
      expected[i] += product;
    }
  WeightedSum(sum, shifted, inputs.weights);
  EXPECT_TRUE(SameBits(sum, expected));
}

TEST(WeightedSumDeathTest, WantsAWeightForEveryInputAndEqualLengths) {
  std::vector<double> sum(4);
  const std::vector<float> four(4), three(3);
  const std::vector<std::span<const float>> inputs = {four}, uneven = {three};
  EXPECT_DEATH(WeightedSum(sum, inputs, {}), "a weight for every input");
  EXPECT_DEATH(WeightedSum(sum, uneven, std::vector<double>{1}), "length");
}

TEST(SquaredNorm, AddsInFourLanes) {
  for (const size_t size : kSizes) {
    const Inputs inputs(size, 1, size);
    double lanes[4] = {};
    for (size_t i = 0; i < size; ++i) {
      const double x = static_cast<double>(inputs.values[0][i]);
      lanes[i % 4] += x * x;
    }
    EXPECT_EQ(SquaredNorm(inputs.spans[0]), (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) << size;
  }
  EXPECT_EQ(SquaredNorm(std::vector<double>{3, 4}), 25);
  EXPECT_EQ(SquaredNorm(std::vector<float>{1e30F, 1e30F}),
            2 * (static_cast<double>(1e30F) * static_cast<double>(1e30F)));
}

}  // namespace
}  // namespace tributary
