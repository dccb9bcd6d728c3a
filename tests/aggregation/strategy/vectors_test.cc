// Reference vectors, worked out by hand on one 2 x 3 layer: s = 1, weights 1 and 3,
// B1 = [1;2], A1 = [1 0 -1], B2 = [3;-1], A2 = [2 1 0].

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/aggregation/strategy/federation.h"

namespace tributary::strategy {
namespace {

using adapter::Matrix;

constexpr double kClose = 1e-6;

AdapterSpec OneLayer(std::string_view method, int64_t rank = 1) {
  AdapterSpec spec;
  spec.method = method;
  spec.rank = rank;
  spec.scale = 1;
  spec.targets = {{"layer", 2, 3}};
  return spec;
}

// Runs a round in which client k ends at the given values.
RoundResult Round(const AdapterSpec& spec, const std::vector<TensorMap>& values,
                  RoundPosition position = {}) {
  const TensorMap state = StartOfRun(spec);
  std::vector<Sent> sent;
  for (size_t k = 0; k < values.size(); ++k) {
    Sent s = Train(spec, state, {fmt::format("client-{}", k), k == 0 ? 1 : 3}, position);
    s.update = *MakeUpdate(spec, s.start, values[k]);
    sent.push_back(std::move(s));
  }
  return Finish(spec, state, sent, position);
}

RoundResult TwoFactors(const AdapterSpec& spec) {
  const auto client = [](std::vector<float> b, std::vector<float> a) {
    return TensorMap{{"layer.lora_A", Tensor::FromF32({1, 3}, a)},
                     {"layer.lora_B", Tensor::FromF32({2, 1}, b)}};
  };
  return Round(spec, {client({1, 2}, {1, 0, -1}), client({3, -1}, {2, 1, 0})});
}

MATCHER_P(IsNear, expected, "") {
  const double distance = (Matrix(arg) - Matrix(expected)).cwiseAbs().maxCoeff();
  *result_listener << "off by " << distance;
  return distance <= kClose;
}

Matrix Rows(std::initializer_list<std::initializer_list<double>> rows) {
  Matrix matrix(rows.size(), rows.begin()->size());
  Eigen::Index i = 0;
  for (const auto& row : rows) {
    Eigen::Index j = 0;
    for (double x : row) matrix(i, j++) = x;
    ++i;
  }
  return matrix;
}

const Matrix kExact = Rows({{4.75, 2.25, -0.25}, {-1, -0.75, -0.5}});

Matrix Factor(const RoundResult& result, std::string_view name) {
  return adapter::ToMatrix(result.state.find(fmt::format("layer.{}", name))->second.view());
}

TEST(Vectors, FedItAveragesFactorsAndItsErrorIsKnown) {
  const AdapterSpec spec = OneLayer("fedit");
  const RoundResult result = TwoFactors(spec);
  EXPECT_THAT(Factor(result, "lora_B"), IsNear(Rows({{2.5}, {-0.25}})));
  EXPECT_THAT(Factor(result, "lora_A"), IsNear(Rows({{1.75, 0.75, -0.25}})));
  EXPECT_THAT(DeltaOf(spec, result.state, 0),
              IsNear(Rows({{4.375, 1.875, -0.625}, {-0.4375, -0.1875, 0.0625}})));
  EXPECT_NEAR(*result.averaging_error, 0.215587, kClose);  // D_start is 0
}

TEST(Vectors, FloraGivesTheExactMeanProduct) {
  const AdapterSpec spec = OneLayer("flora");
  EXPECT_THAT(DeltaOf(spec, TwoFactors(spec).state, 0), IsNear(kExact));
}

TEST(Vectors, FedExAddsTheResidualUntransposed) {
  const AdapterSpec spec = OneLayer("fedex-lora");
  const RoundResult result = TwoFactors(spec);
  EXPECT_THAT(Factor(result, "increment"),
              IsNear(Rows({{.375, .375, .375}, {-.5625, -.5625, -.5625}})));
  EXPECT_THAT(DeltaOf(spec, result.state, 0), IsNear(kExact));
}

TEST(Vectors, LoraFairInClosedForm) {
  AdapterSpec spec = OneLayer("lora-fair");
  const auto correction = [&](double lambda) {
    spec.fair_lambda = lambda / 3.6875;  // relative to trace(G)/r
    return Matrix(Factor(TwoFactors(spec), "lora_B") - Rows({{2.5}, {-0.25}}));
  };
  EXPECT_THAT(correction(0), IsNear(Rows({{.2288136}, {-.3432203}})));
  EXPECT_THAT(correction(.01), IsNear(Rows({{.2281947}, {-.3422921}})));
  EXPECT_THAT(correction(1), IsNear(Rows({{.18}, {-.27}})));
  const auto error = [&] {
    return (DeltaOf(spec, TwoFactors(spec).state, 0) - kExact).norm() / kExact.norm();
  };
  EXPECT_NEAR(error(), .1617908, kClose);
  spec.fair_lambda = 0;
  EXPECT_NEAR(error(), .1587711, kClose);
}

TEST(Vectors, LoraFairByGradientDescentOnTheCosine) {
  AdapterSpec spec = OneLayer("lora-fair");
  spec.fair_solver = "iterative";
  const auto correction = [&](double lambda) {
    spec.fair_lambda = lambda;
    return Matrix(Factor(TwoFactors(spec), "lora_B") - Rows({{2.5}, {-0.25}}));
  };
  EXPECT_THAT(correction(0), IsNear(Rows({{-.0327918}, {-.2248111}})));
  EXPECT_THAT(correction(.01), IsNear(Rows({{-.0306094}, {-.2088727}})));
  EXPECT_THAT(correction(1), IsNear(Rows({{-.0022421}, {-.0206891}})));
}

TEST(Vectors, FlexLoraTruncatesTheMeanProduct) {
  const AdapterSpec spec = OneLayer("flexlora");
  const RoundResult result = TwoFactors(spec);
  EXPECT_THAT(DeltaOf(spec, result.state, 0),
              IsNear(Rows({{4.7287305, 2.3005085, -.1277135}, {-1.0920960, -.5313003, .0294953}})));
  EXPECT_NEAR((DeltaOf(spec, result.state, 0) - kExact).norm(), .5955115, kClose);
  EXPECT_NEAR(Factor(result, "lora_B").norm(), 5.3986448, kClose);
}

TEST(Vectors, HetLoraWeighsByTheNormOfTheProduct) {
  AdapterSpec spec = OneLayer("hetlora");
  const double p1 = .3090170, p2 = .6909830;
  EXPECT_THAT(Factor(TwoFactors(spec), "lora_B"), IsNear(Rows({{p1 + 3 * p2}, {2 * p1 - p2}})));
  EXPECT_THAT(Factor(TwoFactors(spec), "lora_A"), IsNear(Rows({{p1 + 2 * p2, p2, -p1}})));
  spec.hetlora_weighting = "rows";
  EXPECT_THAT(Factor(TwoFactors(spec), "lora_B"), IsNear(Rows({{2.5}, {-0.25}})));
}

TEST(Vectors, FedSbAveragesTheSquareMatrix) {
  const AdapterSpec spec = OneLayer("fed-sb", 2);
  const auto client = [](std::vector<float> r) {
    return TensorMap{{"layer.lora_R", Tensor::FromF32({2, 2}, r)}};
  };
  const RoundResult result = Round(spec, {client({1, 2, 0, 1}), client({3, 0, -2, 1})});
  EXPECT_THAT(Factor(result, "lora_R"), IsNear(Rows({{2.5, .5}, {-1.5, 1}})));
  EXPECT_EQ(result.averaging_error, 0.0);
}

TEST(Vectors, FrozenInputFactorMakesTheMeanExact) {
  for (std::string_view method : {"ffa-lora", "rolora"}) {
    AdapterSpec spec = OneLayer(method);
    spec.start = "file";
    TensorMap state = StartOfRun(spec);
    state["layer.lora_A"] = Tensor::FromF32({1, 3}, std::vector<float>{2, 1, 0});
    std::vector<Sent> sent;
    for (const auto& [name, weight, b] :
         {std::tuple{"one", 1, std::vector<float>{1, 2}}, {"two", 3, {3, -1}}}) {
      Sent s = Train(spec, state, {name, weight}, {});
      s.update = *MakeUpdate(spec, s.start, {{"layer.lora_B", Tensor::FromF32({2, 1}, b)}});
      sent.push_back(std::move(s));
    }
    const RoundResult result = Finish(spec, state, sent, {});
    EXPECT_THAT(Factor(result, "lora_B"), IsNear(Rows({{2.5}, {-.25}}))) << method;
    EXPECT_THAT(DeltaOf(spec, result.state, 0), IsNear(Rows({{5, 2.5, 0}, {-.5, -.25, 0}})))
        << method;
    EXPECT_EQ(result.averaging_error, 0.0) << method;
  }
}

}  // namespace
}  // namespace tributary::strategy
