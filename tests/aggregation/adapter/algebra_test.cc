#include <gtest/gtest.h>

#include "aggregation/adapter/instance.h"
#include "aggregation/adapter/linear_algebra.h"
#include "aggregation/base/random.h"

namespace tributary::adapter {
namespace {

Matrix RandomMatrix(int64_t rows, int64_t cols, std::string_view name) {
  Random random(3, "test matrix", {name});
  Matrix matrix(rows, cols);
  for (Eigen::Index i = 0; i < matrix.size(); ++i) matrix.data()[i] = random.Normal();
  return matrix;
}

TEST(Kinds, TheNumberOfTrainedFactorsChoosesTheRule) {
  EXPECT_EQ(ExactRule(*FindKind("lora")), Rule::kStack);
  for (const char* name : {"lora-fa", "sandwich", "diagonal-sandwich"})
    EXPECT_EQ(ExactRule(*FindKind(name)), Rule::kMean);
  EXPECT_EQ(FindKind("dora"), nullptr);
}

TEST(Kinds, EveryChainLeadsFromInputToOutput) {
  const Target target{"layer", 5, 7};
  for (const Kind& kind : Kinds()) {
    EXPECT_EQ(kind.chain.front().rows, Dimension::kOut) << kind.name;
    EXPECT_EQ(kind.chain.back().cols, Dimension::kIn) << kind.name;
    EXPECT_GE(kind.trained_factors(), 1) << kind.name;
    for (size_t i = 1; i < kind.chain.size(); ++i)
      EXPECT_EQ(kind.chain[i - 1].cols, kind.chain[i].rows) << kind.name;
    AdaptedLayer layer{.target = target};
    for (const FactorSpec& factor : kind.chain)
      layer.chain.push_back(
          {std::string(factor.name), factor.form,
           ToF32(RandomMatrix(FactorShape(factor, target, 3)[0],
                              factor.form == Form::kDense ? FactorShape(factor, target, 3)[1] : 1,
                              factor.name))});
    for (Factor& factor : layer.chain)
      if (factor.form == Form::kDiagonal) factor.value = Tensor::FromF32({3}, factor.value.f32());
    EXPECT_EQ(Delta(layer, 2).shape(), (Shape{5, 7})) << kind.name;
  }
}

TEST(Instance, DeltaIsScaleTimesTheChainPlusTheIncrement) {
  const Matrix b = RandomMatrix(5, 2, "b"), a = RandomMatrix(2, 7, "a"),
               d = RandomMatrix(5, 7, "d");
  const std::vector<float> diagonal = {2, -1};
  AdaptedLayer layer{.target = {"layer", 5, 7}};
  layer.chain = {{"lora_B", Form::kDense, ToF32(b)},
                 {"lora_d", Form::kDiagonal, Tensor::FromF32({2}, diagonal), true},
                 {"lora_A", Form::kDense, ToF32(a)}};
  layer.increment = std::make_shared<const Tensor>(ToF32(d));
  const Matrix expected = 3 * b * Eigen::Vector2d(2, -1).asDiagonal() * a + d;
  EXPECT_LT((ToMatrix(Delta(layer, 3).view()) - expected).norm(), 1e-5);
}

TEST(Instance, OnlyTrainedBlocksAreHandedBack) {
  Instance instance;
  const std::vector<float> r = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  instance.layers.push_back({.target = {"layer", 4, 5}});
  instance.layers[0].chain = {{"lora_B", Form::kDense, Tensor(DType::kF32, {4, 3})},
                              {"lora_R", Form::kDense, Tensor::FromF32({3, 3}, r), true, 2},
                              {"lora_A", Form::kDense, Tensor(DType::kF32, {3, 5})}};
  instance.head["classifier.bias"] = Tensor(DType::kF32, {2});
  const std::vector<float> block = {1, 2, 4, 5};
  const TensorMap values = TrainedValues(instance);
  EXPECT_EQ(values.size(), 2u);
  EXPECT_EQ(values.at("layer.lora_R"), Tensor::FromF32({2, 2}, block));
  instance.head_trained = false;
  EXPECT_FALSE(TrainedValues(instance).contains("classifier.bias"));
}

class SvdTest : public testing::TestWithParam<std::pair<int, int>> {};
INSTANTIATE_TEST_SUITE_P(Rectangles, SvdTest,
                         testing::Values(std::pair{9, 6}, std::pair{6, 9}, std::pair{40, 40}));

TEST_P(SvdTest, IsADecompositionWithFixedSigns) {
  const auto [m, n] = GetParam();
  const Matrix matrix = RandomMatrix(m, n, "svd");
  const int64_t k = std::min(m, n);
  const Svd svd = TruncatedSvd(matrix, k);
  EXPECT_LT((svd.u * svd.s.asDiagonal() * svd.v.transpose() - matrix).norm(),
            1e-12 * matrix.norm());
  EXPECT_LT((svd.u.transpose() * svd.u - Matrix::Identity(k, k)).norm(), 1e-12);
  for (Eigen::Index j = 0; j < k; ++j) {
    Eigen::Index largest = 0;
    svd.u.col(j).cwiseAbs().maxCoeff(&largest);
    EXPECT_GT(svd.u(largest, j), 0);
    EXPECT_LE(svd.s[j], j == 0 ? svd.s[0] : svd.s[j - 1]);
  }
}

TEST_P(SvdTest, OfAPairEqualsThatOfTheProduct) {
  const auto [m, n] = GetParam();
  for (int q : {1, 3, 20}) {
    const Pair pair{RandomMatrix(m, q, "left"), RandomMatrix(q, n, "right")};
    const int64_t k = std::min({m, n, q});
    const Svd expected = TruncatedSvd(pair.Product(), k), found = TruncatedSvd(pair, k);
    EXPECT_LT((found.s - expected.s).norm(), 1e-12 * expected.s.norm()) << q;
    EXPECT_LT((found.u * found.s.asDiagonal() * found.v.transpose() - pair.Product()).norm(),
              1e-11 * expected.s.norm());
    EXPECT_NEAR(Norm(pair), pair.Product().norm(), 1e-12 * pair.Product().norm()) << q;
    EXPECT_EQ(TruncatedSvd(pair, 1).s.size(), 1);
  }
}

TEST_P(SvdTest, FactorizeFindsTheNumericRank) {
  const auto [m, n] = GetParam();
  const Matrix matrix = RandomMatrix(m, 3, "left") * RandomMatrix(3, n, "right");
  const auto pair = Factorize(matrix, 0x1p-24, 5);
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(pair->left.cols(), 3);
  EXPECT_LT((pair->Product() - matrix).norm(), 1e-7 * matrix.norm());
  EXPECT_LT((pair->left.transpose() * pair->left - Matrix::Identity(3, 3)).norm(), 1e-12);
  EXPECT_FALSE(Factorize(matrix, 0x1p-24, 2).has_value());
  EXPECT_EQ(Factorize(Matrix::Zero(m, n), 0x1p-24, 5)->left.cols(), 0);
}

TEST(SolveRight, SolvesTheRidgeEquation) {
  const Matrix a = RandomMatrix(4, 9, "a"), h = RandomMatrix(6, 4, "h"), g = a * a.transpose();
  const Matrix x = SolveRight(h, g, 0.5);
  EXPECT_LT((x * (g + 0.5 * Matrix::Identity(4, 4)) - h).norm(), 1e-11);
}

}  // namespace
}  // namespace tributary::adapter
