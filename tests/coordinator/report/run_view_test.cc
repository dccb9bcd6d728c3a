#include "coordinator/report/run_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "coordinator/core/state.h"
#include "coordinator/report/files.h"
#include "coordinator/report/method_bytes.h"
#include "coordinator/report/privacy_view.h"
#include "privacy/rdp_accountant.h"
#include "tests/coordinator/report/sample_run.h"
#include "tests/support/matchers.h"

namespace tributary::report {
namespace {

using namespace coordinator;

RunView View(const SampleRun& run) {
  auto view = Build(run.config, run.facts, run.records);
  EXPECT_TRUE(view.has_value()) << (view ? "" : view.error().message);
  return view ? *std::move(view) : RunView{};
}

std::vector<SampleOptions> Variety() {
  std::vector<SampleOptions> all(5);
  all[1].is_private = true;
  all[1].evaluate_on = "test";
  all[1].method = "fed-sb";
  all[2].has_metrics = false;
  all[3].evaluate_on = "clients";
  all[3].dropout = 0.6;
  all[4].abandoned_round = 0;
  for (size_t i = 0; i < all.size(); ++i) all[i].seed = i + 1;
  return all;
}

// The view agrees with the coordinator about what it means to be a journal, and about the state.
TEST(RunView, AgreesWithTheCoordinatorsOwnReplay) {
  for (const SampleOptions& options : Variety()) {
    SampleRun run = MakeSampleRun(options);
    run.config.evaluation.keep = options.evaluate_on == "test" ? "last" : "best";
    run.plan.keep_best = run.config.evaluation.keep == "best";
    State state;
    for (const Record& record : run.records) ASSERT_TRUE(state.Apply(run.plan, record).has_value());
    const RunView view = View(run);
    const Score kept = state.Kept(run.plan);
    EXPECT_EQ(view.rounds[view.kept].digest, kept.checkpoint);
    EXPECT_EQ(view.rounds[view.kept].round, kept.round);
    EXPECT_EQ(view.finished, Reason::kComplete);
    int64_t abandoned = 0;
    for (const Round& round : view.rounds)
      abandoned += static_cast<int64_t>(round.abandoned.size());
    EXPECT_EQ(abandoned, state.abandoned);
    EXPECT_EQ(view.CommittedRounds(), options.rounds);
  }
}

TEST(RunView, SaysWhereClientsOfDifferentArithmeticCounted) {
  SampleRun run = MakeSampleRun({});
  const auto describe = [&](const auto& device_of) {
    SampleRun described = run;
    described.records.clear();
    std::set<ClientId> done;
    for (const Record& record : run.records) {
      const auto* update = std::get_if<UpdateAccepted>(&record);
      if (update != nullptr && done.insert(update->client).second)
        described.records.push_back(ClientDescribed{update->client, "0.1.0", "tributary-1",
                                                    "2.15.0", device_of(done.size()), "avx2"});
      described.records.push_back(record);
    }
    return View(described).mixed;
  };
  EXPECT_EQ(View(run).mixed, "");
  EXPECT_EQ(describe([](size_t) { return "cpu"; }), "");
  EXPECT_THAT(describe([](size_t n) { return n == 1 ? "cuda" : "cpu"; }),
              testing::AllOf(testing::HasSubstr("tributary-1 on cpu ("),
                             testing::HasSubstr(" more), tributary-1 on cuda (")));
}

TEST(RunView, OfABeginningIsABeginningOfTheView) {
  for (const SampleOptions& options : Variety()) {
    const SampleRun run = MakeSampleRun(options);
    const std::string whole_rounds = RoundsJsonl(View(run), run.config);
    const std::string whole_clients = ClientsJsonl(View(run), run.facts);
    for (size_t size = 0; size <= run.records.size(); ++size) {
      SampleRun part = run;
      part.records.resize(size);
      RunView view = View(part);
      EXPECT_EQ(size == 0, view.rounds.empty());
      if (view.rounds.size() < 2) continue;
      const std::optional<privacy::Spent> spent = view.rounds.back().spent;
      view.rounds.pop_back();
      EXPECT_TRUE(whole_rounds.starts_with(RoundsJsonl(view, part.config)))
          << "seed " << options.seed << ", " << size << " records";
      EXPECT_TRUE(whole_clients.starts_with(ClientsJsonl(view, part.facts)))
          << "seed " << options.seed << ", " << size << " records";
      EXPECT_EQ(spent.has_value(), options.is_private);
    }
  }
}

TEST(RunView, CountsWhoWasSelectedReportedAndLost) {
  SampleOptions options;
  options.dropout = 0.4;
  const RunView view = View(MakeSampleRun(options));
  ASSERT_EQ(view.rounds.size(), 11u);
  int64_t late = 0;
  for (const Round& round : view.rounds) {
    int64_t lost = 0;
    for (const auto& [reason, count] : round.dropped) lost += count;
    EXPECT_EQ(round.selected, round.reported + lost);
    EXPECT_FALSE(round.dropped.contains(Reason::kPending));
    EXPECT_FALSE(round.dropped.contains(Reason::kAccepted));
    late += round.dropped.contains(Reason::kDeadline) ? 1 : 0;
    const auto reported = std::ranges::count(round.clients, Reason::kAccepted, &ClientRow::outcome);
    EXPECT_EQ(reported, round.reported);
  }
  EXPECT_GT(late, 0);
  EXPECT_EQ(view.rounds[0].selected, 40);  // the statistic of the start
}

TEST(RunView, KeepsAnAbandonedAttemptWithItsRoundAndItsBytes) {
  const SampleRun run = MakeSampleRun();
  const RunView view = View(run);
  const Round& round = view.rounds[4];
  ASSERT_EQ(round.abandoned.size(), 1u);
  EXPECT_EQ(round.abandoned[0].reason, Reason::kAggregateFailed);
  EXPECT_EQ(round.abandoned[0].attempt, 0);
  EXPECT_EQ(round.abandoned[0].selected, 12);
  EXPECT_EQ(round.abandoned[0].reported, 1);
  EXPECT_TRUE(round.digest.has_value());
  EXPECT_GT(round.VirtualSeconds(), 1800);  // the abandoned attempt waited for its deadline
  double committed = 0;
  for (const Record& record : run.records)
    if (const auto* r = std::get_if<StageCommitted>(&record))
      for (const Metric& m : r->metrics) committed += m.name == "bytes_up" ? m.value : 0;
  EXPECT_EQ(view.BytesUp(), std::llround(committed) + 210'000);
}

TEST(RunView, ARoundThatWasOnlyAbandonedIsShownWithoutADigest) {
  SampleRun run = MakeSampleRun();
  size_t end = 0;
  while (!std::holds_alternative<StageAbandoned>(run.records[end])) ++end;
  run.records.resize(end + 1);
  run.records.push_back(RunPaused{Reason::kRetriesExhausted});
  const RunView view = View(run);
  EXPECT_EQ(view.rounds.back().round, 4);
  EXPECT_FALSE(view.rounds.back().digest.has_value());
  EXPECT_EQ(view.rounds.back().abandoned.size(), 1u);
  EXPECT_EQ(view.CommittedRounds(), 3);
  EXPECT_EQ(view.rounds[view.kept].round, 3);
  EXPECT_EQ(view.paused, Reason::kRetriesExhausted);
}

TEST(RunView, AbsentMetricsStayAbsent) {
  SampleOptions options;
  options.has_metrics = false;
  options.evaluate_on = "test";
  const RunView view = View(MakeSampleRun(options));
  for (const Round& round : view.rounds) {
    EXPECT_FALSE(round.train_loss || round.averaging_error || round.client_accuracy ||
                 round.client_loss);
    EXPECT_FALSE(round.ExamplesPerSecond());
    EXPECT_FALSE(round.on_test->loss || round.on_test->macro_f1);
    EXPECT_TRUE(round.on_test->Accuracy());  // is counted in the record itself
    for (const ClientRow& client : round.clients)
      EXPECT_FALSE(client.loss || client.rows || client.seconds);
  }
}

TEST(RunView, CountsThatAreNoNumbersAreAbsent) {
  SampleRun run = MakeSampleRun();
  for (Record& record : run.records)
    if (auto* r = std::get_if<UpdateAccepted>(&record))
      r->metrics = {{"rows", -1}, {"steps", NAN}, {"bytes_up", 1e300}, {"loss", NAN}};
  const RunView view = View(run);
  for (const ClientRow& client : view.rounds[1].clients) EXPECT_FALSE(client.rows || client.steps);
  EXPECT_FALSE(view.rounds[1].client_loss);
}

TEST(RunView, ChargesWhatTheAccountantCharges) {
  for (const char* sampling : {"uniform", "poisson", "all"}) {
    SampleOptions options;
    options.is_private = true;
    options.evaluate_on = "test";
    SampleRun run = MakeSampleRun(options);
    privacy::NeighborRelation relation = privacy::NeighborRelation::kReplaceOne;
    privacy::PrivacyEvent event = privacy::FixedSizeSampled{40, 12, {1.3}};
    if (std::string_view(sampling) == "poisson") {
      run.config.federation.sampling = "poisson";
      relation = privacy::NeighborRelation::kAddRemove;
      event = privacy::PoissonSampled{0.3, {1.3}};
    } else if (std::string_view(sampling) == "all") {
      run.config.federation.cohort.clients.reset();
      relation = privacy::NeighborRelation::kZeroOut;
      event = privacy::Gaussian{1.3};
    }
    const RunView view = View(run);
    EXPECT_EQ(view.rounds[0].spent->epsilon, 0);
    privacy::RdpAccountant accountant(relation);
    for (size_t i = 1; i < view.rounds.size(); ++i) {
      ASSERT_TRUE(
          accountant.Compose(event, i == 4 ? 2 : 1).has_value());  // round 4 was charged twice
      EXPECT_EQ(view.rounds[i].spent->epsilon, accountant.Epsilon(1e-3)->epsilon) << sampling << i;
      EXPECT_GT(view.rounds[i].spent->epsilon, view.rounds[i - 1].spent->epsilon);
    }
    EXPECT_THAT(view.privacy, testing::HasSubstr(privacy::RelationName(relation)));
  }
}

TEST(RunView, EpsilonIsAbsentWithoutPrivacyAndNeverZero) {
  for (const Round& round : View(MakeSampleRun()).rounds) EXPECT_FALSE(round.spent.has_value());
}

TEST(RunView, RefusesWhatNoCoordinatorWrites) {
  const SampleRun good = MakeSampleRun();
  const auto fails = [&](std::vector<Record> records, const char* why) {
    EXPECT_THAT(Build(good.config, good.facts, records), Fails(Code::kDataLoss, why));
  };
  fails({RunStarted{}, RunStarted{}}, "journal record 2: the run has started");
  fails({StageOpened{}}, "journal record 1");
  fails({RunStarted{}, UpdateAccepted{}}, "the stage is not open");
  fails({RunStarted{}, StageCommitted{}}, "the stage is not closed");
  StageOpened opened;
  opened.round = 3;
  fails({RunStarted{}, opened}, "rounds follow each other");
  opened.round = 1;
  opened.cohort = {{"a"}};
  fails({RunStarted{}, opened, opened}, "no stage is due");
  fails({RunStarted{}, opened, ClientEnded{0, {"b"}, Reason::kFailed}}, "not in the cohort");
  UpdateAccepted accepted;
  accepted.client = {"a"};
  fails({RunStarted{}, opened, accepted, accepted}, "journal record 4: the client has ended");
  fails({RunStarted{}, opened, StageCommitted{}}, "the stage is not closed");
  StageCommitted charged;
  charged.is_charged = true;
  fails({RunStarted{}, opened, StageClosed{}, charged}, "without a mechanism");
}

TEST(Spread, IsOfTheClientsAndItsWorstTenth) {
  std::vector<double> values(21);
  std::iota(values.begin(), values.end(), 0.0);
  const auto low = SpreadOf(values, true), high = SpreadOf(values, false);
  EXPECT_DOUBLE_EQ(low->low, 2);
  EXPECT_DOUBLE_EQ(low->median, 10);
  EXPECT_DOUBLE_EQ(low->high, 18);
  EXPECT_DOUBLE_EQ(low->worst, 1);    // of 0, 1, 2
  EXPECT_DOUBLE_EQ(high->worst, 19);  // of 20, 19, 18
  EXPECT_EQ(SpreadOf({0.5}, true)->worst, 0.5);
  EXPECT_FALSE(SpreadOf({}, true));
  EXPECT_EQ(SpreadOf({NAN, 1}, true)->clients, 1u);
}

TEST(MethodBytes, FollowTheFormulas) {
  SampleOptions options;
  options.rounds = 2;
  options.dropout = 0;
  options.abandoned_round = 0;
  SampleRun run = MakeSampleRun(options);
  for (ClientFacts& client : run.facts.clients) client.rank = 4;  // the run's is 8
  const int64_t head = 27 * 385, layers = 12, n = 384;
  for (const MethodBytes& m : BytesOfMethods(View(run), run.config, run.facts)) {
    int64_t up = 0, down = 0;  // of one client over both rounds
    if (m.method->name == "fedit")
      up = down = 2 * (layers * 8 * 2 * n + head);
    else if (m.method->name == "fed-sb")
      up = 2 * (layers * 16 + head), down = 2 * (layers * 64 + head);
    else if (m.method->name == "flora")
      up = 2 * (layers * 4 * 2 * n + head),
      down = layers * std::min(12 * 4 * 2 * n, n * n) + 2 * head;
    else if (m.method->name == "fedsa-lora")
      up = down = 2 * layers * 8 * n;
    else if (m.method->name == "rolora")
      up = down = 2 * (layers * 8 * n + head);
    else
      continue;
    EXPECT_EQ(m.up, 12 * 4 * up) << m.method->name;
    EXPECT_EQ(m.down, 12 * 4 * down) << m.method->name;
  }
}

TEST(TrainingEvent, SaysHowTheCohortIsDrawn) {
  config::Config config;
  EXPECT_FALSE(TrainingEvent(config, 40, 1.3).has_value());
  config.privacy.mode = "central";
  EXPECT_EQ(TrainingEvent(config, 40, 1.3), privacy::PrivacyEvent(privacy::Gaussian{1.3}));
  config.federation.cohort.clients = 40;  // everybody, but as a number: clients may be replaced
  EXPECT_EQ(TrainingEvent(config, 40, 1.3),
            privacy::PrivacyEvent(privacy::FixedSizeSampled{40, 40, {1.3}}));
  config.federation.sampling = "poisson";
  EXPECT_EQ(TrainingEvent(config, 40, 1.3),
            privacy::PrivacyEvent(privacy::PoissonSampled{1.0, {1.3}}));
}

}  // namespace
}  // namespace tributary::report
