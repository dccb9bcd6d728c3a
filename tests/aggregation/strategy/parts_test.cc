// The parts that all methods share: specs, updates, checkpoints, sums of products, server
// optimizers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "aggregation/strategy/layer.h"
#include "aggregation/strategy/server_optimizer.h"
#include "tests/aggregation/strategy/federation.h"

namespace tributary::strategy {
namespace {

using adapter::Matrix;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Faults, AreAllListedAndNameTheirKeys) {
  AdapterSpec spec = SmallSpec("lora-fair");
  spec.rank = 6;
  spec.scale = 0;
  spec.start = "public-gradient";
  spec.fair_solver = "magic";
  spec.fair_lambda = -1;
  spec.server.name = "adamw";
  const std::vector<int64_t> ranks = {6, 9};
  EXPECT_THAT(
      Faults(spec, ranks),
      ElementsAre(
          "adapter.rank: 6 exceeds the 7x5 matrix of encoder.1.value",
          "adapter.ranks: 9, expected 1 to adapter.rank = 6",
          HasSubstr("adapter.ranks: 9 differs from adapter.rank = 6"),
          HasSubstr("adapter.scale: 0"),
          HasSubstr("adapter.start: \"public-gradient\", lora-fair starts from kaiming"),
          HasSubstr("adapter.fair_lambda: -1"), HasSubstr("adapter.fair_solver: \"magic\""),
          HasSubstr(
              "federation.server_optimizer: \"adamw\", expected one of none, momentum, adam, yogi"),
          HasSubstr("allow it")));
}

TEST(Faults, UnknownMethodListsTheTable) {
  EXPECT_THAT(Faults(SmallSpec("fedavg"), {}),
              ElementsAre(HasSubstr("\"fedavg\", expected one of fedit, flora, fed-sb")));
}

TEST(Faults, NoTargetsWrongOrderAndTakenNames) {
  AdapterSpec spec = SmallSpec("fedit");
  spec.head["encoder.0.query.lora_A"] = {DType::kF32, {1}};
  std::swap(spec.targets[0], spec.targets[1]);
  EXPECT_THAT(Faults(spec, {}), ElementsAre(HasSubstr("encoder.0.query is out of order"),
                                            HasSubstr("the name is taken")));
  spec.targets.clear();
  EXPECT_THAT(Faults(spec, {}), ElementsAre(HasSubstr("adapter.targets: no layer")));
}

TEST(Faults, ServerOptimizersNeedAMean) {
  for (const Method* method : Methods()) {
    AdapterSpec spec = SmallSpec(method->name);
    spec.server.name = "adam";
    EXPECT_EQ(Faults(spec, {}).empty(), method->is_mean()) << method->name;
  }
}

TEST(Additive, AreTheMethodsThatTrainOneFactor) {
  EXPECT_THAT(MethodsWhere([](const Method& m) { return m.additive(); }),
              testing::StartsWith("fed-sb, ffa-lora, rolora"));
}

class CheckUpdateTest : public testing::Test {
 protected:
  AdapterSpec spec_ = SmallSpec("fedit");
  TensorMap deltas_ = Train(spec_, StartOfRun(spec_), {"a"}, {1, 0}).update.deltas;
  std::string Message(int64_t weight = 1) {
    const auto status = CheckUpdate(UpdateLayout(spec_, 3, 0), {"a", weight, 3, ViewsOf(deltas_)});
    return status.has_value() ? "" : status.error().message;
  }
};

TEST_F(CheckUpdateTest, GoodOnePasses) { EXPECT_EQ(Message(), ""); }
TEST_F(CheckUpdateTest, NanIsNamed) {
  deltas_.at("encoder.1.value.lora_A").f32()[7] = std::nanf("");
  EXPECT_THAT(Message(), HasSubstr("encoder.1.value.lora_A: a number that is not finite"));
}
TEST_F(CheckUpdateTest, InfinityIsNamed) {
  deltas_.at("classifier.bias").f32()[0] = -INFINITY;
  EXPECT_THAT(Message(), HasSubstr("classifier.bias: a number that is not finite"));
}
TEST_F(CheckUpdateTest, MissingLayerIsNamed) {
  deltas_.erase("encoder.0.query.lora_B");
  EXPECT_THAT(Message(), HasSubstr("encoder.0.query.lora_B: missing"));
}
TEST_F(CheckUpdateTest, ForeignTensorIsNamed) {
  deltas_["encoder.0.query.lora_C"] = Tensor(DType::kF32, {1});
  EXPECT_THAT(Message(), HasSubstr("encoder.0.query.lora_C: not expected"));
}
TEST_F(CheckUpdateTest, TransposedFactorIsNamed) {
  deltas_["encoder.0.query.lora_B"] = Tensor(DType::kF32, {3, 6});
  EXPECT_THAT(Message(), HasSubstr("encoder.0.query.lora_B: shape [3,6], expected [6,3]"));
}
TEST_F(CheckUpdateTest, OtherDtypeIsNamed) {
  deltas_["classifier.bias"] = Tensor(DType::kF64, {4});
  EXPECT_THAT(Message(), HasSubstr("classifier.bias: dtype F64, expected F32"));
}
TEST_F(CheckUpdateTest, WeightsHaveBounds) {
  EXPECT_THAT(Message(-1), HasSubstr("weight -1"));
  EXPECT_THAT(Message(kMaxUpdateWeight + 1), HasSubstr("weight"));
}

TEST(MemorySource, RefusesTwoUpdatesOfOneClient) {
  EXPECT_EQ(MakeMemorySource({{"b", 1, 1, {}}, {"a", 1, 1, {}}, {"b", 1, 1, {}}}).error().code,
            Code::kAlreadyExists);
}

TEST(MemorySource, VisitsInNameOrderInSmallGroupsAsOftenAsAsked) {
  std::vector<Update> updates;
  for (int k = 19; k >= 0; --k) updates.push_back({fmt::format("client-{:02}", k), 1, 1, {}});
  const auto source = *MakeMemorySource(std::move(updates));
  for (int pass = 0; pass < 2; ++pass) {
    int at = 0;
    ASSERT_TRUE(source
                    ->ForEach([&](std::span<const Update> group) -> Status {
                      EXPECT_LE(group.size(), UpdateSource::kGroup);
                      for (const Update& update : group)
                        EXPECT_EQ(update.client, fmt::format("client-{:02}", at++));
                      return {};
                    })
                    .has_value());
    EXPECT_EQ(at, 20);
  }
}

TEST(MemorySource, StopsAtAnError) {
  const auto source = *MakeMemorySource({{"a", 1, 1, {}}});
  const auto status =
      source->ForEach([](std::span<const Update>) -> Status { return InvalidArgument("no more"); });
  EXPECT_EQ(status.error().message, "no more");
}

TEST(MakeUpdate, RefusesWhatDoesNotFitOrIsNotFinite) {
  const AdapterSpec spec = SmallSpec("fedit");
  const Sent sent = Train(spec, StartOfRun(spec), {"a"}, {1, 0});
  TensorMap values = adapter::TrainedValues(sent.start);
  values.at("classifier.bias").f32()[1] = std::nanf("");
  EXPECT_THAT(MakeUpdate(spec, sent.start, values).error().message, HasSubstr("classifier.bias"));
  values.erase("classifier.bias");
  EXPECT_THAT(MakeUpdate(spec, sent.start, values).error().message,
              HasSubstr("classifier.bias: missing"));
}

TEST(AggregateFromMean, TakesOneTrainedFactorAndRefusesTheRestByName) {
  for (const Method* method : Methods()) {
    const AdapterSpec spec = SmallSpec(method->name);
    const TensorMap state = StartOfRun(spec);
    TensorMap mean;
    for (const auto& [name, entry] : UpdateLayout(spec, spec.rank, 0)) {
      mean[name] = Tensor(DType::kF64, entry.shape);
      mean[name].f64()[0] = 0.25;
    }
    const auto result = AggregateFromMean({spec, state, {1, 0}}, mean);
    ASSERT_EQ(result.has_value(), method->additive()) << method->name;
    if (!method->additive()) {
      EXPECT_THAT(result.error().message, HasSubstr("fed-sb, ffa-lora, rolora"));
      continue;
    }
    EXPECT_EQ(result->state.at("classifier.bias").f32()[0],
              state.at("classifier.bias").f32()[0] + 0.25F);
    mean.erase("classifier.bias");
    EXPECT_THAT(AggregateFromMean({spec, state, {1, 0}}, mean).error().message,
                HasSubstr("classifier.bias: missing"));
  }
}

class ProductSumTest : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Terms, ProductSumTest, testing::Values(0, 1, 2, 3, 10, 40));

TEST_P(ProductSumTest, EqualsTheDenseSumStackedOrMultipliedOut) {
  ProductSum sum(8, 12);  // side by side up to rank 4
  Matrix expected = Matrix::Zero(8, 12);
  for (int k = 0; k < GetParam(); ++k) {
    const int64_t rank = k % 3 == 2 ? 6 : 1 + k % 2;  // some exceed the limit alone
    const Matrix left = adapter::ToMatrix(RandomTensor({8, rank}, fmt::format("l{}", k)).view());
    const Matrix right = adapter::ToMatrix(RandomTensor({rank, 12}, fmt::format("r{}", k)).view());
    sum.Add(left, right);
    expected += left * right;
  }
  sum.Scale(2);
  expected *= 2;
  EXPECT_EQ(sum.AsPair().has_value(), GetParam() <= 2);
  EXPECT_LE((sum.Dense() - expected).norm(), 1e-13 * expected.norm());
  EXPECT_NEAR(sum.Norm(), expected.norm(), 1e-13 * expected.norm());
  const Matrix a = adapter::ToMatrix(RandomTensor({3, 12}, "a").view());
  EXPECT_LE((sum.TimesTransposed(a) - expected * a.transpose()).norm(), 1e-12 * expected.norm());
  if (GetParam() == 0) return;
  const adapter::Svd svd = sum.TruncatedSvd(8);
  EXPECT_LE((svd.u * svd.s.asDiagonal() * svd.v.transpose() - expected).norm(),
            1e-12 * expected.norm());
}

TEST(Checkpoint, SmallIncrementsTravelAsAPairAndLargeOnesDense) {
  AdapterSpec spec = SmallSpec("flora", 1);
  spec.targets = {{"wide", 16, 20}};
  TensorMap state = StartOfRun(spec);
  EXPECT_FALSE(Publish(spec, state, 1).contains("wide.increment_left"));  // still zero
  for (int64_t t = 0; t < 10; ++t) {
    const RoundPosition position{t + 1, t};
    state = Finish(spec, state, {Train(spec, state, {"a"}, position)}, position).state;
    const TensorMap checkpoint = Publish(spec, state, 1);
    const int64_t rank = t + 1;  // a pair is smaller up to rank 8
    EXPECT_EQ(checkpoint.contains("wide.increment_left"), rank <= 8) << rank;
    EXPECT_EQ(checkpoint.contains("wide.increment"), rank > 8) << rank;
    if (rank > 8) continue;
    EXPECT_EQ(checkpoint.at("wide.increment_left").shape(), (Shape{16, rank}));
  }
}

TEST(Checkpoint, NoClientsBlockIsInThePublishedPair) {
  const AdapterSpec spec = SmallSpec("flora", 1);
  const TensorMap state = StartOfRun(spec);
  const auto sent = TrainAll(spec, state, {{"a"}, {"b"}}, {1, 0});
  const TensorMap checkpoint = Publish(spec, Finish(spec, state, sent, {1, 0}).state, 1);
  const Matrix left = adapter::ToMatrix(checkpoint.at("encoder.0.query.increment_left").view());
  EXPECT_LT((left.transpose() * left - Matrix::Identity(2, 2)).norm(), 1e-6);
  for (const Sent& s : sent) {
    const Matrix b = adapter::ToMatrix(s.trained.layers[0].chain[0].value.view()).normalized();
    for (Eigen::Index j = 0; j < 2; ++j)
      EXPECT_LT(std::abs((b.transpose() * left.col(j)).value()), 0.9999);
  }
}

TEST(Checkpoint, DerivedFactorsNeedNotTravel) {
  for (const char* method : {"ffa-lora", "fed-sb"}) {
    const AdapterSpec spec = SmallSpec(method);
    TensorMap checkpoint = Publish(spec, StartOfRun(spec), 3);
    const auto whole = OpenCheckpoint(spec, 3, checkpoint);
    TensorMap fetched;
    for (const Fetch& fetch : TensorsToFetch(spec, checkpoint, {}))
      fetched[fetch.tensor] = checkpoint.at(fetch.tensor);
    EXPECT_FALSE(fetched.contains("encoder.0.query.lora_A")) << method;
    const auto part = OpenCheckpoint(spec, 3, fetched);
    ASSERT_TRUE(part.has_value()) << part.error().message;
    EXPECT_EQ(part->tensors, whole->tensors) << method;
  }
}

TEST(Checkpoint, FactorsFromGradientsTravelOnce) {
  AdapterSpec spec = SmallSpec("fed-sb");
  spec.start = "client-gradient";
  const TensorMap checkpoint = Publish(spec, StartOfRun(spec), 3);
  const auto first = TensorsToFetch(spec, checkpoint, {});
  EXPECT_EQ(first.size(), checkpoint.size());
  std::set<Digest> cached;
  for (const Fetch& fetch : first) cached.insert(fetch.digest);
  EXPECT_TRUE(TensorsToFetch(spec, checkpoint, cached).empty());
}

TEST(Checkpoint, BadOnesAreRefusedByTensor) {
  const AdapterSpec spec = SmallSpec("fedex-lora");
  TensorMap state = StartOfRun(spec);
  state = Finish(spec, state, TrainAll(spec, state, {{"a"}, {"b"}}, {1, 0}), {1, 0}).state;
  const TensorMap good = Publish(spec, state, 3);
  const auto message = [&](const std::function<void(TensorMap*)>& change) {
    TensorMap tensors = good;
    change(&tensors);
    const auto opened = OpenCheckpoint(spec, 3, std::move(tensors));
    return opened.has_value() ? "" : opened.error().message;
  };
  EXPECT_EQ(message([](TensorMap*) {}), "");
  EXPECT_THAT(message([](TensorMap* t) { t->erase("classifier.bias"); }),
              HasSubstr("classifier.bias: missing"));
  EXPECT_THAT(message([](TensorMap* t) { t->erase("encoder.0.query.lora_A"); }),
              HasSubstr("query.lora_A: missing"));
  EXPECT_THAT(message([](TensorMap* t) { (*t)["extra"] = Tensor(); }),
              HasSubstr("extra: not expected"));
  EXPECT_THAT(message([](TensorMap* t) {
                t->at("encoder.0.query.lora_A") = Tensor(DType::kF32, {2, 9});
              }),
              HasSubstr("lora_A: F32 [2,9], expected F32 [3,9]"));
  EXPECT_THAT(message([](TensorMap* t) { t->at("classifier.bias").f32()[0] = INFINITY; }),
              HasSubstr("classifier.bias"));
  EXPECT_THAT(message([](TensorMap* t) {
                (*t)["encoder.0.query.increment_left"] = Tensor(DType::kF32, {6, 700});
              }),
              HasSubstr("increment_left: shape [6,700]"));
}

TEST(InitialState, NamesTheSourceThatIsMissing) {
  AdapterSpec spec = SmallSpec("fed-sb");
  for (const auto& [start, expected] :
       {std::pair{"public-gradient", "encoder.0.query: no summed gradient"},
        {"weight-svd", "encoder.0.query: no weight"},
        {"file", "encoder.0.query.lora_B: no factor"}}) {
    spec.start = start;
    EXPECT_THAT(InitialState(spec, SmallHead(spec), {}).error().message, HasSubstr(expected));
  }
  spec.start = "orthonormal";
  EXPECT_THAT(InitialState(spec, {}, {}).error().message, HasSubstr("classifier.bias: missing"));
}

TEST(ServerOptimizer, StepsFollowThePaper) {
  const ServerOptimizerSpec base{"", 0.1, 0.9, 0.99, 1e-3};
  struct Case {
    const char* name;
    double first, second;  // steps for mean deltas 2, then -1
  };
  const double v0 = 1e-6;
  const double adam1 = 0.99 * v0 + 0.01 * 4, adam2 = 0.99 * adam1 + 0.01;
  const double yogi1 = v0 + 0.01 * 4, yogi2 = yogi1 + 0.01;
  const double m1 = 0.2, m2 = 0.9 * 0.2 - 0.1;
  for (const Case& c :
       {Case{"none", 0.2, -0.1},
        {"momentum", 0.2, 0.1 * (0.9 * 2 - 1)},
        {"adam", 0.1 * m1 / (std::sqrt(adam1) + 1e-3), 0.1 * m2 / (std::sqrt(adam2) + 1e-3)},
        {"yogi", 0.1 * m1 / (std::sqrt(yogi1) + 1e-3), 0.1 * m2 / (std::sqrt(yogi2) + 1e-3)}}) {
    ServerOptimizerSpec spec = base;
    spec.name = c.name;
    TensorMap state;
    std::vector<double> first = {2}, second = {-1};
    TakeServerStep(spec, "x", first, &state);
    TakeServerStep(spec, "x", second, &state);
    EXPECT_NEAR(first[0], c.first, 1e-15) << c.name;
    EXPECT_NEAR(second[0], c.second, 1e-15) << c.name;
  }
}

TEST(ServerOptimizer, MomentsLiveInTheStateAndAreNotPublished) {
  AdapterSpec spec = SmallSpec("rolora");
  spec.server.name = "yogi";
  TensorMap state = StartOfRun(spec);
  state = Finish(spec, state, TrainAll(spec, state, kThree, {1, 0}), {1, 0}).state;
  EXPECT_TRUE(state.contains("server.v.encoder.0.query.lora_B"));
  EXPECT_FALSE(state.contains("server.v.encoder.0.query.lora_A"));  // not its turn yet
  EXPECT_TRUE(CheckState(spec, state).has_value());
  EXPECT_FALSE(Publish(spec, state, 3).contains("server.v.encoder.0.query.lora_B"));
  const Tensor before = state.at("server.m.encoder.0.query.lora_B");
  state = Finish(spec, state, TrainAll(spec, state, kThree, {2, 1}), {2, 1}).state;
  EXPECT_TRUE(state.contains("server.v.encoder.0.query.lora_A"));
  EXPECT_EQ(state.at("server.m.encoder.0.query.lora_B"), before);
}

}  // namespace
}  // namespace tributary::strategy
