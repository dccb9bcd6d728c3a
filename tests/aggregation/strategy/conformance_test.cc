// What must hold for every row of the table of methods.

#include <gtest/gtest.h>

#include "aggregation/strategy/export.h"
#include "aggregation/tensor/safetensors.h"
#include "tests/aggregation/strategy/federation.h"

namespace tributary::strategy {
namespace {

using adapter::Matrix;

class MethodTest : public testing::TestWithParam<const Method*> {
 protected:
  const Method& method_ = *GetParam();
  AdapterSpec spec_ = SmallSpec(GetParam()->name);
  TensorMap state_ = StartOfRun(spec_);

  // Two rounds, so that what carries over is seen.
  RoundResult TwoRounds(const std::vector<Participant>& who) {
    RoundResult result{state_, std::nullopt};
    for (int64_t t = 0; t < 2; ++t) {
      const RoundPosition position{t + 1, t};
      result = Finish(spec_, result.state, TrainAll(spec_, result.state, who, position), position);
    }
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(AllMethods, MethodTest,
                         testing::ValuesIn(Methods().begin(), Methods().end()),
                         [](const auto& param) {
                           std::string name(param.param->name);
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(MethodTest, HasNoFaultsAndSaysWhoMadeIt) {
  EXPECT_EQ(Faults(spec_, {}), std::vector<std::string>{});
  EXPECT_EQ(FindMethod(method_.name), &method_);
  EXPECT_NE(adapter::FindKind(method_.kind), nullptr);
  for (std::string_view text :
       {method_.title, method_.reference, method_.trained, method_.rule, method_.up, method_.down})
    EXPECT_FALSE(text.empty());
}

TEST_P(MethodTest, EveryStartGivesAStateThatFits) {
  for (std::string_view start : method_.starts) {
    spec_.start = start;
    EXPECT_EQ(Faults(spec_, {}), std::vector<std::string>{}) << start;
    EXPECT_TRUE(CheckState(spec_, StartOfRun(spec_)).has_value()) << start;
  }
}

TEST_P(MethodTest, UpdateHasTheLayoutThatWasAnnounced) {
  for (int64_t committed : {0, 1}) {
    const Sent sent = Train(spec_, state_, {"a"}, {committed + 1, committed});
    const Layout layout = UpdateLayout(spec_, spec_.rank, committed);
    EXPECT_EQ(LayoutOf(sent.update.deltas), layout);
    const Update update{"a", 1, spec_.rank, ViewsOf(sent.update.deltas)};
    EXPECT_TRUE(CheckUpdate(layout, update).has_value());
  }
}

TEST_P(MethodTest, FrozenHeadStaysAndIsNotSent) {
  spec_.freeze_head = true;
  const Sent sent = Train(spec_, state_, {"a"}, {1, 0});
  EXPECT_FALSE(sent.update.deltas.contains("classifier.weight"));
  EXPECT_FALSE(sent.update.local.contains("classifier.weight"));
  const RoundResult result = Finish(spec_, state_, {sent}, {1, 0});
  EXPECT_EQ(result.state.at("classifier.weight"), state_.at("classifier.weight"));
}

TEST_P(MethodTest, StateFitsAndSurvivesAFile) {
  const RoundResult result = TwoRounds(kThree);
  EXPECT_TRUE(CheckState(spec_, result.state).has_value());
  const std::string bytes = SerializeSafetensors(result.state);
  const auto read = ReadSafetensors(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, result.state);
}

TEST_P(MethodTest, ArrivalOrderAndThreadsChangeNoBit) {
  std::vector<Sent> sent = TrainAll(spec_, state_, kThree, {1, 0});
  const TensorMap expected = Finish(spec_, state_, sent, {1, 0}).state;
  std::swap(sent[0], sent[2]);
  std::swap(sent[1], sent[2]);
  EXPECT_EQ(Finish(spec_, state_, sent, {1, 0}).state, expected);
  const auto source = SourceOf(sent);
  EXPECT_EQ(Aggregate({spec_, state_, {1, 0}}, *source, 3)->state, expected);
}

TEST_P(MethodTest, ClientOfWeightZeroCountsForNothing) {
  std::vector<Sent> sent = TrainAll(spec_, state_, kThree, {1, 0});
  const TensorMap expected = Finish(spec_, state_, sent, {1, 0}).state;
  sent.push_back(Train(spec_, state_, {"delta", 0}, {1, 0}));
  EXPECT_EQ(Finish(spec_, state_, sent, {1, 0}).state, expected);
}

TEST_P(MethodTest, RoundWithoutWeightIsRefused) {
  const auto nobody = SourceOf({});
  EXPECT_EQ(Aggregate({spec_, state_, {1, 0}}, *nobody).error().code, Code::kFailedPrecondition);
  const std::vector<Sent> sent = {Train(spec_, state_, {"a", 0}, {1, 0})};  // outlives the source
  const auto weightless = SourceOf(sent);
  EXPECT_EQ(Aggregate({spec_, state_, {1, 0}}, *weightless).error().code,
            Code::kFailedPrecondition);
}

TEST_P(MethodTest, OneClientIsItsOwnMean) {
  const Sent sent = Train(spec_, state_, {"a", 5}, {1, 0});
  const RoundResult result = Finish(spec_, state_, {sent}, {1, 0});
  for (const auto& [name, delta] : sent.update.deltas) {
    if (!spec_.head.contains(name)) continue;
    for (size_t i = 0; i < delta.f32().size(); ++i)
      EXPECT_NEAR(result.state.at(name).f32()[i], state_.at(name).f32()[i] + delta.f32()[i], 1e-6);
  }
  if (method_.is_personal()) return;
  EXPECT_EQ(result.averaging_error, 0.0);
  for (size_t l = 0; l < spec_.targets.size(); ++l)
    EXPECT_LT((DeltaOf(spec_, result.state, l) - MeanDelta({sent}, l)).norm(), 1e-5) << l;
}

TEST_P(MethodTest, IdenticalUpdatesLeaveNoError) {
  std::vector<Sent> sent;
  for (const char* client : {"a", "b", "c", "d", "e"})
    sent.push_back(Train(spec_, state_, {client, 7}, {1, 0}, "same"));
  const auto error = Finish(spec_, state_, sent, {1, 0}).averaging_error;
  EXPECT_EQ(error.has_value(), !method_.is_personal());
  EXPECT_LT(error.value_or(0), 1e-12);
}

TEST_P(MethodTest, AveragingErrorIsZeroExactlyWhereOneFactorIsTrained) {
  const RoundResult result = TwoRounds(kThree);
  if (method_.is_personal()) {
    EXPECT_FALSE(result.averaging_error.has_value());
  } else if (method_.additive()) {
    EXPECT_EQ(result.averaging_error, 0.0);
  } else {
    EXPECT_GT(*result.averaging_error, 0.01);
    EXPECT_LT(*result.averaging_error, 10);
  }
}

TEST_P(MethodTest, UnmovedClientsLeaveTheStateAlone) {
  std::vector<Sent> sent = TrainAll(spec_, state_, kThree, {1, 0});
  for (Sent& s : sent)
    for (auto& [name, delta] : s.update.deltas) delta = Tensor(DType::kF32, delta.shape());
  const RoundResult result = Finish(spec_, state_, sent, {1, 0});
  EXPECT_EQ(result.state, state_);
  EXPECT_EQ(result.averaging_error.value_or(0), 0.0);
}

TEST_P(MethodTest, CheckpointCarriesTheStateToSinglePrecision) {
  const RoundResult result = TwoRounds(kThree);
  const auto checkpoint =
      OpenCheckpoint(spec_, spec_.rank, Publish(spec_, result.state, spec_.rank));
  ASSERT_TRUE(checkpoint.has_value());
  const auto instance = ClientStart(spec_, *checkpoint, spec_.rank, {3, 2}, {});
  ASSERT_TRUE(instance.has_value());
  for (size_t l = 0; l < spec_.targets.size(); ++l) {
    const Matrix expected = DeltaOf(spec_, result.state, l);
    const Matrix found = adapter::ToMatrix(Delta(instance->layers[l], instance->scale).view());
    EXPECT_LE((found - expected).norm(), 1e-6 * expected.norm()) << l;
  }
}

TEST_P(MethodTest, ExportIsTheState) {
  for (const TensorMap& state : {state_, TwoRounds(kThree).state}) {
    const adapter::PeftAdapter exported = ExportAdapter(spec_, state);
    ASSERT_EQ(exported.layers.size(), spec_.targets.size());
    for (size_t l = 0; l < spec_.targets.size(); ++l) {
      const Matrix expected = DeltaOf(spec_, state, l);
      const Matrix found = exported.layers[l].scale * exported.layers[l].factors.Product();
      EXPECT_LE((found - expected).norm(), 1e-6 * expected.norm()) << l;
    }
    EXPECT_EQ(exported.head.at("classifier.weight"), state.at("classifier.weight"));
  }
}

TEST_P(MethodTest, ByteFormulasEqualTheBytesOfRealMessages) {
  spec_.head.clear();
  spec_.targets = {{"wide", 16, 20}};
  spec_.rank = 2;
  TensorMap state = StartOfRun(spec_);
  std::set<Digest> cached;
  for (int64_t committed = 0; committed < 4; ++committed) {
    // In `stacked` ranks: FLoRA's rounds of two clients add four, FedEx' residuals (K-1) r = 2.
    const int64_t added = method_.fresh_factors ? 4 : method_.adds_increment ? 2 : 0;
    const Exchange exchange{16, 20, 2, 2, added * committed, committed};
    int64_t down = 0;
    for (const Fetch& fetch : TensorsToFetch(spec_, Publish(spec_, state, 2), cached)) {
      down += fetch.bytes;
      cached.insert(fetch.digest);
    }
    if (committed > 0) {
      EXPECT_EQ(down, 4 * method_.elements_down(exchange)) << committed;
    }
    const RoundPosition position{committed + 1, committed};
    const auto sent = TrainAll(spec_, state, {{"a"}, {"b"}}, position);
    EXPECT_EQ(TotalBytes(sent[0].update.deltas), 4 * method_.elements_up(exchange)) << committed;
    state = Finish(spec_, state, sent, position).state;
  }
}

TEST_P(MethodTest, MixedRanksAreTakenOrRefusedWithTheNamesOfThoseThatTakeThem) {
  const std::vector<int64_t> ranks = {3, 1};
  const auto faults = Faults(spec_, ranks);
  if (method_.ranks == Ranks::kEqual) {
    ASSERT_EQ(faults.size(), 1u);
    EXPECT_NE(faults[0].find("flora, fed-sb, flexlora, hetlora accept mixed ones"),
              std::string::npos)
        << faults[0];
    return;
  }
  EXPECT_TRUE(faults.empty());
  const std::vector<Participant> who = {{"a", 2, 1}, {"b", 1, 3}, {"c", 3, 2}};
  const auto sent = TrainAll(spec_, state_, who, {1, 0});
  for (const Sent& s : sent)
    EXPECT_EQ(LayoutOf(s.update.deltas), UpdateLayout(spec_, s.who.rank, 0));
  const RoundResult result = Finish(spec_, state_, sent, {1, 0});
  EXPECT_TRUE(CheckState(spec_, result.state).has_value());
}

}  // namespace
}  // namespace tributary::strategy
