#include "privacy/clip.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "aggregation/base/random.h"

namespace tributary::privacy {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TensorMap Update(std::vector<float> a, std::vector<float> b) {
  const auto tensor = [](const std::vector<float>& values) {
    return Tensor::FromF32({static_cast<int64_t>(values.size())}, values);
  };
  return {{"factor", tensor(a)}, {"head", tensor(b)}};
}
double Norm(const TensorMap& update) { return MeasureClip(ViewsOf(update), 1)->norm; }

TEST(Clip, BoundsTheWholeUpdateNotEachTensor) {
  TensorMap update = Update({3, 0}, {0, 4});
  const Result<ClipReport> report = Clip(update, 2.5);
  ASSERT_TRUE(report);
  EXPECT_DOUBLE_EQ(report->norm, 5);
  EXPECT_DOUBLE_EQ(report->factor, 0.5);
  EXPECT_TRUE(report->clipped);
  EXPECT_TRUE(report->finite);
  EXPECT_EQ(update, Update({1.5, 0}, {0, 2}));
}

TEST(Clip, LeavesWhatIsWithinTheBoundAsItIs) {
  TensorMap update = Update({3, 0}, {0, 4});
  const Result<ClipReport> report = Clip(update, 5);
  EXPECT_EQ(report->factor, 1);
  EXPECT_FALSE(report->clipped);
  EXPECT_EQ(update, Update({3, 0}, {0, 4}));
}

TEST(Clip, AZeroUpdateHasFactorOne) {
  TensorMap update = Update({0, 0}, {0});
  const Result<ClipReport> report = Clip(update, 1);
  EXPECT_EQ(report->norm, 0);
  EXPECT_EQ(report->factor, 1);
  EXPECT_FALSE(report->clipped);
  TensorMap nothing;
  EXPECT_EQ(Clip(nothing, 1)->factor, 1);
}

TEST(Clip, LargestAndSmallestValuesNeitherOverflowNorVanish) {
  TensorMap large = Update(std::vector<float>(1000, 3e38f), {-3e38f});
  EXPECT_NEAR(Clip(large, 1)->norm / (3e38 * std::sqrt(1001.0)), 1, 1e-6);
  EXPECT_NEAR(Norm(large), 1, 1e-6);
  TensorMap small = Update({3e-44f}, {4e-44f});
  EXPECT_NEAR(Clip(small, 1)->norm / 5e-44, 1, 0.02);  // subnormal inputs have few digits
}

TEST(Clip, AnUpdateThatIsNotFiniteCountsAsZeroAndIsFlagged) {
  for (float bad : {kNaN, kInf, -kInf}) {
    TensorMap update = Update({1, 2}, {3, bad});
    const Result<ClipReport> report = Clip(update, 1);
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->finite);
    EXPECT_TRUE(report->clipped);
    EXPECT_EQ(report->factor, 0);
    EXPECT_EQ(update, Update({0, 0}, {0, 0}));
  }
}

TEST(Clip, NormAfterwardsIsTheBoundForRandomUpdates) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed, "clip");
    std::vector<float> a(1 + random.Below(300)), b(1 + random.Below(300));
    const double size = std::pow(10, 20 * random.Uniform() - 10);
    random.FillNormal(a, static_cast<float>(size));
    random.FillNormal(b, static_cast<float>(size));
    TensorMap update = Update(a, b);
    const double bound = Norm(update) * 2 * random.Uniform();
    const double before = Norm(update);
    ASSERT_TRUE(Clip(update, bound)) << "seed " << seed;
    EXPECT_NEAR(Norm(update) / std::min(before, bound), 1, 1e-6) << "seed " << seed;
  }
}

TEST(Clip, RefusesOtherDTypesAndHostileBounds) {
  TensorMap update = Update({1}, {1});
  for (double bound : {0.0, -1.0, 1e31, 1e-31, std::numeric_limits<double>::quiet_NaN(),
                       std::numeric_limits<double>::infinity()})
    EXPECT_FALSE(Clip(update, bound)) << bound;
  update["wide"] = Tensor(DType::kF64, {2});
  const Result<ClipReport> report = Clip(update, 1);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message,
              testing::AllOf(testing::HasSubstr("wide"), testing::HasSubstr("F64")));
}

}  // namespace
}  // namespace tributary::privacy
