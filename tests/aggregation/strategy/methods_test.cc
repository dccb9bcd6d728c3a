// What the papers (and their repositories' mistakes) say each method must do. Layers are never
// square, ranks are mixed where they may be.

#include <gtest/gtest.h>

#include "aggregation/adapter/linear_algebra.h"
#include "tests/aggregation/strategy/federation.h"

namespace tributary::strategy {
namespace {

using adapter::FactorName;
using adapter::Matrix;

const std::vector<Participant> kMixed = {{"alpha", 1, 1}, {"beta", 3, 3}, {"gamma", 2, 2}};
constexpr RoundPosition kFirst{1, 0}, kSecond{2, 1};

Matrix Value(const TensorMap& state, const adapter::Target& target, std::string_view factor) {
  return adapter::ToMatrix(state.find(FactorName(target.module, factor))->second.view());
}

TEST(Flora, MixedRanksStackExactly) {
  const AdapterSpec spec = SmallSpec("flora");
  TensorMap state = StartOfRun(spec);
  Matrix expected[2] = {Matrix::Zero(6, 9), Matrix::Zero(7, 5)};
  for (int64_t t = 0; t < 3; ++t) {
    const RoundPosition position{t + 1, t};
    const auto sent = TrainAll(spec, state, kMixed, position);
    for (size_t l = 0; l < 2; ++l) expected[l] = MeanDelta(sent, l);  // holds the increment so far
    state = Finish(spec, state, sent, position).state;
    for (size_t l = 0; l < 2; ++l)
      EXPECT_LT((DeltaOf(spec, state, l) - expected[l]).norm(), 1e-6 * expected[l].norm()) << t;
  }
}

TEST(Flora, WeightsEnterOnce) {
  const AdapterSpec spec = SmallSpec("flora");
  const TensorMap state = StartOfRun(spec);
  const auto sent = TrainAll(spec, state, kThree, kFirst);
  Matrix squared = Matrix::Zero(6, 9);  // the mistake: p_k on both factors
  for (const Sent& s : sent) {
    const double p = static_cast<double>(s.who.weight) / 6;
    squared += p * p * adapter::ToMatrix(adapter::Delta(s.trained.layers[0], spec.scale).view());
  }
  const Matrix found = DeltaOf(spec, Finish(spec, state, sent, kFirst).state, 0);
  EXPECT_GT((found - squared).norm(), 0.1 * found.norm());
}

TEST(Flora, FreshAdaptersChangeNothingUntilTheyAreTrained) {
  const AdapterSpec spec = SmallSpec("flora");
  const TensorMap state = StartOfRun(spec);
  const RoundResult result = Finish(spec, state, TrainAll(spec, state, kThree, kFirst), kFirst);
  const auto checkpoint = OpenCheckpoint(spec, 2, Publish(spec, result.state, 2));
  const auto next = ClientStart(spec, *checkpoint, 2, kSecond, {});
  const Matrix before = DeltaOf(spec, result.state, 0);
  EXPECT_LT((adapter::ToMatrix(adapter::Delta(next->layers[0], 1.5).view()) - before).norm(), 1e-6);
}

TEST(Flora, ClientsOfSmallerRankShareTheirFirstRows) {
  const AdapterSpec spec = SmallSpec("flora");
  const auto checkpoint = OpenCheckpoint(spec, 3, Publish(spec, StartOfRun(spec), 3));
  const auto whole = ClientStart(spec, *checkpoint, 3, kFirst, {}),
             part = ClientStart(spec, *checkpoint, 1, kFirst, {});
  const auto later = ClientStart(spec, *checkpoint, 3, kSecond, {});
  const Tensor& a = whole->layers[0].chain[1].value;
  EXPECT_EQ(part->layers[0].chain[1].value, adapter::LeadingBlock(a.view(), {1, 9}));
  EXPECT_NE(later->layers[0].chain[1].value, a);
}

TEST(Flora, FactorsAreToldApartByNameWhereShapesCoincide) {
  AdapterSpec spec = SmallSpec("flora", 6);
  spec.targets = {{"square", 6, 6}};
  const TensorMap state = StartOfRun(spec);
  const auto sent = TrainAll(spec, state, {{"a", 1, 6}, {"b", 2, 6}}, kFirst);
  const Matrix expected = MeanDelta(sent, 0);
  EXPECT_LT((DeltaOf(spec, Finish(spec, state, sent, kFirst).state, 0) - expected).norm(),
            1e-6 * expected.norm());
}

TEST(Exactness, FloraAndFedExAgreeWithTheDenseMeanAfterOneRound) {
  const AdapterSpec flora = SmallSpec("flora"), fedex = SmallSpec("fedex-lora");
  const TensorMap flora_state = StartOfRun(flora);
  // FedEx starts from the factors that FLoRA draws for the round, with the same training.
  TensorMap fedex_state = StartOfRun(fedex);
  const auto sent = TrainAll(flora, flora_state, kThree, kFirst);
  for (const auto& layer : sent[0].start.layers)
    for (const auto& factor : layer.chain)
      fedex_state[FactorName(layer.target.module, factor.name)] = factor.value;
  const TensorMap a = Finish(flora, flora_state, sent, kFirst).state;
  const TensorMap b = Finish(fedex, fedex_state, sent, kFirst).state;
  for (size_t l = 0; l < 2; ++l) {
    const Matrix exact = MeanDelta(sent, l);
    EXPECT_LT((DeltaOf(flora, a, l) - exact).norm(), 1e-6 * exact.norm());
    EXPECT_LT((DeltaOf(fedex, b, l) - exact).norm(), 1e-6 * exact.norm());
  }
}

TEST(Exactness, MeansOfOneTrainedFactorAreExactRoundAfterRound) {
  for (std::string_view method : {"ffa-lora", "rolora", "fed-sb", "fedex-lora"}) {
    const AdapterSpec spec = SmallSpec(method);
    TensorMap state = StartOfRun(spec);
    for (int64_t t = 0; t < 3; ++t) {
      const RoundPosition position{t + 1, t};
      const auto sent = TrainAll(spec, state, kThree, position);
      state = Finish(spec, state, sent, position).state;
      for (size_t l = 0; l < 2; ++l) {
        const Matrix exact = MeanDelta(sent, l);
        EXPECT_LT((DeltaOf(spec, state, l) - exact).norm(), 1e-6 * exact.norm())
            << method << " round " << t;
      }
    }
  }
}

TEST(AveragingError, EqualsTheDenseDefinition) {
  for (std::string_view method : {"fedit", "flora", "fedex-lora", "lora-fair", "flexlora"}) {
    const AdapterSpec spec = SmallSpec(method);
    TensorMap state = StartOfRun(spec);
    for (int64_t t = 0; t < 2; ++t) {
      const RoundPosition position{t + 1, t};
      const auto sent = TrainAll(spec, state, kThree, position);
      double missed = 0, moved = 0;
      for (size_t l = 0; l < 2; ++l) {
        Matrix b = Matrix::Zero(spec.targets[l].out, 3), a = Matrix::Zero(3, spec.targets[l].in),
               d = b * a;
        for (const Sent& s : sent) {
          const double p = static_cast<double>(s.who.weight) / 6;
          const auto& chain = s.trained.layers[l].chain;
          b += p * adapter::ToMatrix(chain[0].value.view());
          a += p * adapter::ToMatrix(chain[1].value.view());
          d += p * adapter::ToMatrix(chain[0].value.view()) *
               adapter::ToMatrix(chain[1].value.view());
        }
        const auto& start = sent[0].start.layers[l].chain;
        missed += (d - b * a).squaredNorm();
        moved += (d - adapter::ToMatrix(start[0].value.view()) *
                          adapter::ToMatrix(start[1].value.view()))
                     .squaredNorm();
      }
      const RoundResult result = Finish(spec, state, sent, position);
      EXPECT_NEAR(*result.averaging_error, std::sqrt(missed / moved), 1e-6) << method;
      state = result.state;
    }
  }
}

TEST(AveragingError, KeepsItsDigitsWhenClientsHardlyMove) {
  // Moves of 2^-20 around factors of order one: E is of order 2^-40 and its uncentred form is
  // noise.
  AdapterSpec spec = SmallSpec("fedit");
  spec.start = "file";
  const TensorMap state = StartOfRun(spec);
  const auto error = [&](float size) {
    std::vector<Sent> sent = TrainAll(spec, state, kThree, kFirst);
    for (Sent& s : sent)
      for (auto& [name, delta] : s.update.deltas)
        for (float& x : delta.f32()) x *= size;
    return *Finish(spec, state, sent, kFirst).averaging_error;
  };
  const double small = error(0x1p-20F), smaller = error(0x1p-21F);
  EXPECT_GT(small, 0);
  EXPECT_NEAR(small / smaller, 2, 1e-4);  // E is quadratic in the moves, their product linear
}

TEST(HetLora, MixedRanksArePaddedWithZeros) {
  AdapterSpec spec = SmallSpec("hetlora");
  spec.hetlora_weighting = "rows";
  const TensorMap state = StartOfRun(spec);
  const auto sent = TrainAll(spec, state, kMixed, kFirst);
  Matrix b = Matrix::Zero(6, 3), a = Matrix::Zero(3, 9);
  for (const Sent& s : sent) {
    const double p = static_cast<double>(s.who.weight) / 6;
    const auto& chain = s.trained.layers[0].chain;
    b.leftCols(s.who.rank) += p * adapter::ToMatrix(chain[0].value.view());
    a.topRows(s.who.rank) += p * adapter::ToMatrix(chain[1].value.view());
  }
  const TensorMap next = Finish(spec, state, sent, kFirst).state;
  EXPECT_LT((Value(next, spec.targets[0], "lora_B") - b).norm(), 1e-6);
  EXPECT_LT((Value(next, spec.targets[0], "lora_A") - a).norm(), 1e-6);
}

TEST(HetLora, EqualRanksAndWeightsAreFedIt) {
  AdapterSpec het = SmallSpec("hetlora"), fedit = SmallSpec("fedit");
  het.hetlora_weighting = "rows";
  const TensorMap state = StartOfRun(fedit);
  const auto sent = TrainAll(fedit, state, kThree, kFirst);
  const TensorMap a = Finish(het, state, sent, kFirst).state,
                  b = Finish(fedit, state, sent, kFirst).state;
  for (const auto& [name, tensor] : a)
    EXPECT_LT((adapter::ToMatrix(tensor.view()) - adapter::ToMatrix(b.at(name).view())).norm(),
              1e-6)
        << name;
}

TEST(HetLora, ClientsWithoutAProductFallBackToTheRunsWeights) {
  const AdapterSpec spec = SmallSpec("hetlora");
  const TensorMap state = StartOfRun(spec);
  std::vector<Sent> sent = TrainAll(spec, state, kThree, kFirst);
  for (Sent& s : sent)  // B stays zero, so every |B A| is zero
    for (const auto& target : spec.targets)
      for (float& x : s.update.deltas.at(FactorName(target.module, "lora_B")).f32()) x = 0;
  const TensorMap next = Finish(spec, state, sent, kFirst).state;
  Matrix a = Matrix::Zero(3, 9);
  for (const Sent& s : sent)
    a += static_cast<double>(s.who.weight) / 6 *
         adapter::ToMatrix(s.trained.layers[0].chain[1].value.view());
  EXPECT_LT((Value(next, spec.targets[0], "lora_A") - a).norm(), 1e-6);
}

TEST(FedSb, NestedRanksTrainLeadingBlocksOfTheWholeForwardPass) {
  const AdapterSpec spec = SmallSpec("fed-sb");
  TensorMap state = StartOfRun(spec);
  for (int64_t t = 0; t < 2; ++t) {
    const RoundPosition position{t + 1, t};
    const auto sent = TrainAll(spec, state, kMixed, position);
    for (const Sent& s : sent) {
      EXPECT_EQ(s.start.layers[0].chain[1].value.shape(), (Shape{3, 3}));
      EXPECT_EQ(s.start.layers[0].chain[1].block, s.who.rank == 3 ? 0 : s.who.rank);
    }
    state = Finish(spec, state, sent, position).state;
    for (size_t l = 0; l < 2; ++l) {
      const Matrix exact = MeanDelta(sent, l);
      EXPECT_LT((DeltaOf(spec, state, l) - exact).norm(), 1e-6 * exact.norm()) << t;
    }
  }
}

TEST(FedSb, FrozenFactorsNeverChangeAByte) {
  const AdapterSpec spec = SmallSpec("fed-sb");
  const TensorMap state = StartOfRun(spec);
  const TensorMap next = Finish(spec, state, TrainAll(spec, state, kThree, kFirst), kFirst).state;
  for (const auto& target : spec.targets)
    for (const char* factor : {"lora_A", "lora_B"})
      EXPECT_EQ(next.at(FactorName(target.module, factor)),
                state.at(FactorName(target.module, factor)));
}

TEST(FedSb, ARoundDependsOnItsOwnUploadsOnly) {
  const AdapterSpec spec = SmallSpec("fed-sb");
  const TensorMap state = StartOfRun(spec);
  const TensorMap first = Finish(spec, state, TrainAll(spec, state, kThree, kFirst), kFirst).state;
  const Sent alone = Train(spec, first, {"delta"}, kSecond);
  const TensorMap second = Finish(spec, first, {alone}, kSecond).state;
  const Matrix expected = adapter::ToMatrix(alone.trained.layers[0].chain[1].value.view());
  EXPECT_LT((Value(second, spec.targets[0], "lora_R") - expected).norm(), 1e-6);
}

TEST(FedSb, GradientStartIsTheSameThroughTheState) {
  AdapterSpec spec = SmallSpec("fed-sb");
  spec.start = "public-gradient";
  spec.start_step = 0.01;
  const TensorMap state = StartOfRun(spec);
  const Tensor gradient = RandomTensor({6, 9}, spec.targets[0].module);
  const Matrix step = -0.01 * adapter::ToMatrix(gradient.view()).cwiseSign();
  const adapter::Svd svd = adapter::TruncatedSvd(step, 3);
  const Matrix best = svd.u * svd.s.asDiagonal() * svd.v.transpose();
  EXPECT_LT((DeltaOf(spec, state, 0) - best).norm(), 1e-6 * best.norm());
}

TEST(FedSb, FramesKeepNormsSoThePlainGradientIsTheBestOne) {
  for (const char* start : {"orthonormal", "public-gradient", "weight-svd"}) {
    AdapterSpec spec = SmallSpec("fed-sb");
    spec.start = start;
    const TensorMap state = StartOfRun(spec);
    const Matrix b = Value(state, spec.targets[0], "lora_B"),
                 a = Value(state, spec.targets[0], "lora_A");
    const Matrix x = adapter::ToMatrix(RandomTensor({3, 3}, "x").view());
    EXPECT_NEAR((b * x * a).norm(), x.norm(), 1e-6) << start;
    // B g A is the projection of the weight's gradient onto what the adapter can reach.
    const Matrix gradient = adapter::ToMatrix(RandomTensor({6, 9}, "gradient").view());
    const Matrix g = b.transpose() * gradient * a.transpose();
    EXPECT_NEAR((gradient - b * g * a).cwiseProduct(b * x * a).sum(), 0, 1e-6) << start;
    EXPECT_LE(g.norm(), gradient.norm()) << start;
  }
}

TEST(RoLora, TurnsFollowCommittedRoundsAndStartWithB) {
  const AdapterSpec spec = SmallSpec("rolora");
  TensorMap state = StartOfRun(spec);
  const std::string a = FactorName(spec.targets[0].module, "lora_A"),
                    b = FactorName(spec.targets[0].module, "lora_B");
  // Round 2 was abandoned: its successor trains the same factor again.
  for (const RoundPosition position : {RoundPosition{1, 0}, {2, 1}, {3, 1}, {4, 2}}) {
    const bool trains_b = position.committed % 2 == 0;
    const auto sent = TrainAll(spec, state, kThree, position);
    EXPECT_EQ(sent[0].update.deltas.contains(b), trains_b) << position.round;
    EXPECT_EQ(sent[0].update.deltas.contains(a), !trains_b) << position.round;
    const TensorMap next = Finish(spec, state, sent, position).state;
    EXPECT_EQ(next.at(trains_b ? a : b), state.at(trains_b ? a : b)) << position.round;
    EXPECT_NE(next.at(trains_b ? b : a), state.at(trains_b ? b : a)) << position.round;
    if (position.round != 2) state = next;
  }
}

TEST(FfaLora, AllClientsShareOneFrozenFactorPerLayer) {
  AdapterSpec spec = SmallSpec("ffa-lora");
  spec.targets = {{"a", 6, 9}, {"b", 6, 9}};
  const TensorMap state = StartOfRun(spec);
  const auto sent = TrainAll(spec, state, kThree, kFirst);
  EXPECT_EQ(sent[0].start.layers[0].chain[1].value, sent[1].start.layers[0].chain[1].value);
  EXPECT_NE(sent[0].start.layers[0].chain[1].value, sent[0].start.layers[1].chain[1].value);
}

TEST(FedSaLora, LocalPartsStayAndReturn) {
  const AdapterSpec spec = SmallSpec("fedsa-lora");
  const TensorMap state = StartOfRun(spec);
  const Sent first = Train(spec, state, {"alpha"}, kFirst);
  const std::string b = FactorName(spec.targets[0].module, "lora_B");
  EXPECT_FALSE(first.update.deltas.contains(b));
  EXPECT_FALSE(first.update.deltas.contains("classifier.weight"));
  const TensorMap next = Finish(spec, state, {first}, kFirst).state;
  EXPECT_EQ(next.at(b), state.at(b));
  EXPECT_EQ(next.at("classifier.weight"), state.at("classifier.weight"));

  const Sent second = Train(spec, next, {"alpha"}, kSecond, "", first.update.local);
  EXPECT_EQ(second.start.layers[0].chain[0].value, first.update.local.at(b));
  EXPECT_EQ(second.start.head.at("classifier.weight"), first.update.local.at("classifier.weight"));
  EXPECT_EQ(Train(spec, next, {"beta"}, kSecond).start.layers[0].chain[0].value, state.at(b));

  const auto checkpoint = OpenCheckpoint(spec, 3, Publish(spec, next, 3));
  const auto wrong = ClientStart(spec, *checkpoint, 3, kSecond, {{b, Tensor(DType::kF32, {2, 2})}});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_NE(wrong.error().message.find(b), std::string::npos);
}

TEST(FlexLora, FullRankIsExactAndAFixedPoint) {
  const AdapterSpec spec = SmallSpec("flexlora", 5);
  TensorMap state = StartOfRun(spec);
  const auto sent = TrainAll(spec, state, {{"a", 1}}, kFirst);
  state = Finish(spec, state, sent, kFirst).state;
  std::vector<Sent> idle = TrainAll(spec, state, kThree, kSecond);
  for (Sent& s : idle)
    for (auto& [name, delta] : s.update.deltas) delta = Tensor(DType::kF32, delta.shape());
  const TensorMap again = Finish(spec, state, idle, kSecond).state;
  for (size_t l = 0; l < 2; ++l)
    EXPECT_LT((DeltaOf(spec, again, l) - DeltaOf(spec, state, l)).norm(),
              1e-5 * DeltaOf(spec, state, l).norm());
}

TEST(FlexLora, TheErrorIsTheTailAndClientsGetTheirBestRank) {
  const AdapterSpec spec = SmallSpec("flexlora");
  const TensorMap state = StartOfRun(spec);
  const auto sent = TrainAll(spec, state, kMixed, kFirst);
  const TensorMap next = Finish(spec, state, sent, kFirst).state;
  const Matrix exact = MeanDelta(sent, 0);
  const adapter::Svd svd = adapter::TruncatedSvd(exact, 6);
  EXPECT_NEAR((DeltaOf(spec, next, 0) - exact).norm(), svd.s.tail(3).norm(), 1e-5);
  const auto checkpoint = OpenCheckpoint(spec, 1, Publish(spec, next, 1));
  const auto smallest = ClientStart(spec, *checkpoint, 1, kSecond, {});
  const Matrix best = svd.s[0] * svd.u.col(0) * svd.v.col(0).transpose();
  EXPECT_LT((adapter::ToMatrix(adapter::Delta(smallest->layers[0], 1.5).view()) - best).norm(),
            1e-5 * best.norm());
}

}  // namespace
}  // namespace tributary::strategy
