// LoRA-FAIR's correction against what its objective promises.

#include <gtest/gtest.h>

#include "aggregation/adapter/linear_algebra.h"
#include "aggregation/strategy/layer.h"
#include "tests/aggregation/strategy/federation.h"

namespace tributary::strategy {
namespace {

using adapter::FactorName;
using adapter::Matrix;

constexpr RoundPosition kFirst{1, 0};

// A LayerFold of random clients, and its parts, for the rules alone.
struct RandomFold {
  LayerFold fold;
  Matrix exact;  // sum p_k B_k A_k

  RandomFold(int64_t m, int64_t n, int64_t r, int64_t clients) {
    std::vector<Matrix> bs, as;
    fold.start_b = fold.mean_b = Matrix::Zero(m, r);
    fold.start_a = fold.mean_a = Matrix::Zero(r, n);
    exact = Matrix::Zero(m, n);
    const double p = 1 / static_cast<double>(clients);
    for (int64_t k = 0; k < clients; ++k) {
      bs.push_back(adapter::ToMatrix(RandomTensor({m, r}, fmt::format("b{}", k)).view()));
      as.push_back(adapter::ToMatrix(RandomTensor({r, n}, fmt::format("a{}", k)).view()));
      fold.mean_b += p * bs.back();
      fold.mean_a += p * as.back();
      exact += p * bs.back() * as.back();
    }
    fold.error = ProductSum(m, n);
    for (size_t k = 0; k < bs.size(); ++k)
      fold.error.Add(p * (bs[k] - fold.mean_b), as[k] - fold.mean_a);
  }
  double ErrorOf(const Matrix& b) const { return (exact - b * fold.mean_a).norm(); }
};

Matrix CorrectedB(const RandomFold& random, double lambda) {
  AdapterSpec spec = SmallSpec("lora-fair");
  spec.fair_lambda = lambda;
  return FindMethod("lora-fair")->product_rule(spec, random.fold).b;
}

TEST(LoraFair, EqualClientsNeedNoCorrection) {
  const RandomFold one(6, 9, 3, 1);
  EXPECT_EQ(CorrectedB(one, 0.01), one.fold.mean_b);
}

TEST(LoraFair, WhereOneFactorNeverMovedItIsPlainAveraging) {
  const AdapterSpec fair = SmallSpec("lora-fair"), fedit = SmallSpec("fedit");
  for (const char* still : {"lora_A", "lora_B"}) {
    const TensorMap state = StartOfRun(fedit);
    std::vector<Sent> sent = TrainAll(fedit, state, kThree, kFirst);
    for (Sent& s : sent)
      for (const auto& target : fair.targets)
        for (float& x : s.update.deltas.at(FactorName(target.module, still)).f32()) x = 0;
    const RoundResult result = Finish(fair, state, sent, kFirst);
    EXPECT_EQ(result.state, Finish(fedit, state, sent, kFirst).state) << still;
    EXPECT_EQ(result.averaging_error, 0.0) << still;
  }
}

TEST(LoraFair, LargeLambdaIsPlainAveraging) {
  const RandomFold random(6, 9, 3, 4);
  EXPECT_LT((CorrectedB(random, 1e12) - random.fold.mean_b).norm(), 1e-10);
}

TEST(LoraFair, WithoutLambdaOnlyTheErrorOutsideTheRowSpaceRemains) {
  const RandomFold random(6, 9, 3, 4);
  const Matrix& a = random.fold.mean_a;
  const Matrix projector =
      a.transpose() * adapter::SolveRight(Matrix::Identity(3, 3), a * a.transpose(), 0) * a;
  const Matrix error = random.fold.error.Dense();
  EXPECT_NEAR(random.ErrorOf(CorrectedB(random, 0)), (error - error * projector).norm(), 1e-12);
}

TEST(LoraFair, ErrorGrowsWithLambdaButNeverAboveAveraging) {
  const RandomFold random(6, 9, 3, 4);
  double last = 0;
  for (double lambda : {0.0, 1e-3, 1e-2, 0.1, 1.0, 10.0, 1e3}) {
    const double error = random.ErrorOf(CorrectedB(random, lambda));
    EXPECT_GE(error, last) << lambda;
    EXPECT_LE(error, random.ErrorOf(random.fold.mean_b)) << lambda;
    last = error;
  }
}

TEST(LoraFair, TheObjectiveIsFlatAtTheSolution) {
  const RandomFold random(6, 9, 3, 4);
  const Matrix& a = random.fold.mean_a;
  const double lambda = 0.1 * (a * a.transpose()).trace() / 3;
  const Matrix correction = CorrectedB(random, 0.1) - random.fold.mean_b;
  const Matrix gradient =
      -(random.fold.error.Dense() - correction * a) * a.transpose() + lambda * correction;
  EXPECT_LT(gradient.norm(), 1e-12);
}

}  // namespace
}  // namespace tributary::strategy
