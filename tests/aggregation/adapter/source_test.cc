#include "aggregation/adapter/source.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aggregation/adapter/instance.h"
#include "aggregation/base/random.h"

namespace tributary::adapter {
namespace {

const FactorSpec kA = {"lora_A", Form::kDense, Dimension::kRank, Dimension::kIn, true};
const FactorSpec kB = {"lora_B", Form::kDense, Dimension::kOut, Dimension::kRank, false};
const FactorSpec kR = {"lora_R", Form::kDense, Dimension::kRank, Dimension::kRank, true};
const Target kTarget = {"layer", 30, 50};

TEST(Draw, SmallerRankIsTheBeginningOfALargerOne) {
  for (Distribution distribution :
       {Distribution::kKaiming, Distribution::kNormal, Distribution::kOrthonormal})
    for (const FactorSpec& factor : {kA, kB}) {
      const SeedSource source{distribution, 9, 4};
      const Tensor large = Draw(source, factor, kTarget, 8),
                   small = Draw(source, factor, kTarget, 3);
      EXPECT_EQ(small, LeadingBlock(large.view(), small.shape())) << factor.name;
    }
}

TEST(Draw, IsKeyedBySeedRoundModuleAndFactor) {
  const SeedSource source{Distribution::kKaiming, 9, 4};
  const Tensor draw = Draw(source, kA, kTarget, 4);
  EXPECT_EQ(draw, Draw(source, kA, kTarget, 4));
  EXPECT_NE(draw, Draw({Distribution::kKaiming, 8, 4}, kA, kTarget, 4));
  EXPECT_NE(draw, Draw({Distribution::kKaiming, 9, 5}, kA, kTarget, 4));
  EXPECT_NE(draw, Draw(source, kA, {"other", 30, 50}, 4));
}

TEST(Draw, KaimingStaysWithinItsBoundAndFillsIt) {
  const Tensor draw = Draw({Distribution::kKaiming, 1, 0}, kA, kTarget, 30);
  const double bound = 1 / std::sqrt(50.0);
  double sum = 0, squares = 0, largest = 0;
  for (float x : draw.f32()) {
    sum += x;
    squares += double{x} * x;
    largest = std::max(largest, std::abs(double{x}));
  }
  const double n = 1500;
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.98 * bound);
  EXPECT_NEAR(sum / n, 0, 0.1 * bound);
  EXPECT_NEAR(squares / n, bound * bound / 3, 0.05 * bound * bound);
}

TEST(Draw, OrthonormalFactorsAreOrthonormal) {
  const Matrix a = ToMatrix(Draw({Distribution::kOrthonormal, 1, 0}, kA, kTarget, 30).view());
  const Matrix b = ToMatrix(Draw({Distribution::kOrthonormal, 1, 0}, kB, kTarget, 30).view());
  EXPECT_LT((a * a.transpose() - Matrix::Identity(30, 30)).cwiseAbs().maxCoeff(), 1e-6);
  EXPECT_LT((b.transpose() * b - Matrix::Identity(30, 30)).cwiseAbs().maxCoeff(), 1e-6);
}

TEST(Draw, AFactorOfRanksAloneStartsAtZero) {
  EXPECT_EQ(Draw({Distribution::kOrthonormal, 1, 0}, kR, kTarget, 5), Tensor(DType::kF32, {5, 5}));
}

TEST(GradientFrame, IsTheBestFormOfASignStep) {
  Random random(2, "gradient");
  Tensor gradient(DType::kF32, {12, 20});
  random.FillNormal(gradient.f32(), 1);
  const double step = 1e-3, scale = 2;
  const auto frame = GradientFrame(gradient.view(), step, scale, 4);
  ASSERT_TRUE(frame.has_value());
  const Matrix d0 = -step * ToMatrix(gradient.view()).cwiseSign();
  const Svd svd = TruncatedSvd(d0, 12);
  const Matrix start = scale * frame->left * frame->core * frame->right;
  EXPECT_NEAR((d0 - start).squaredNorm(), svd.s.tail(8).squaredNorm(), 1e-12);
  const Matrix left = frame->left.transpose() * frame->left,
               right = frame->right * frame->right.transpose();
  EXPECT_LT((left - Matrix::Identity(4, 4)).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_LT((right - Matrix::Identity(4, 4)).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(GradientFrame, DependsOnSignsAlone) {
  const std::vector<float> values = {1, -2, 3, 4, 5, -6}, signs = {1, -1, 1, 1, 1, -1};
  const auto a = GradientFrame(Tensor::FromF32({2, 3}, values).view(), 1, 1, 2);
  const auto b = GradientFrame(Tensor::FromF32({2, 3}, signs).view(), 1, 1, 2);
  EXPECT_EQ(a->left, b->left);
  EXPECT_EQ(a->core, b->core);
}

TEST(GradientFrame, RefusesAGradientOfZero) {
  EXPECT_EQ(GradientFrame(Tensor(DType::kF32, {3, 4}).view(), 1, 1, 2).error().code,
            Code::kInvalidArgument);
}

TEST(WeightFrame, SpansTheLeadingSingularVectors) {
  const std::vector<float> values = {3, 0, 0, 0, -2, 0};
  const Frame frame = WeightFrame(Tensor::FromF32({2, 3}, values).view(), 1);
  EXPECT_NEAR(frame.left(0, 0), 1, 1e-12);
  EXPECT_NEAR(frame.right(0, 0), 1, 1e-12);
  EXPECT_EQ(frame.core, Matrix::Zero(1, 1));
}

}  // namespace
}  // namespace tributary::adapter
