// The plan's faults, the population's draws, and records as text.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "aggregation/base/random.h"
#include "tests/coordinator/core/play.h"

namespace tributary::coordinator {
namespace {

using ::testing::HasSubstr;

TEST(RunPlan, ListsAllFaultsAtOnce) {
  RunPlan plan = SmallPlan();
  EXPECT_TRUE(plan.Faults().empty());
  plan.rounds = 0;
  plan.sampling_rate = 1.5;  // also beside a cohort
  plan.over_selection = 0.5;
  plan.minimum = 0;
  plan.max_weight = 0;
  plan.deadline = Duration(0);
  plan.max_attempts = 0;
  plan.start = {TaskKind::kTrain, TaskKind::kPublicGradient};  // and nobody designated
  plan.keep_best = true;
  plan.patience = -1;
  const std::vector<std::string> faults = plan.Faults();
  EXPECT_EQ(faults.size(), 12u) << fmt::format("{}", fmt::join(faults, "\n"));
  const auto core = Coordinator::Recover(plan, {}, At(0));
  ASSERT_FALSE(core.has_value());
  for (const std::string& fault : faults) EXPECT_THAT(core.error().message, HasSubstr(fault));
}

TEST(RunPlan, RefusesWhatIsUnsoundInAPrivateRun) {
  RunPlan plan = SmallPlan();
  plan.privacy = PrivacyPlan{0, 0};
  plan.over_selection = 1.2;
  plan.start = {TaskKind::kFeatureMoments};
  plan.evaluate_clients = true;
  EXPECT_EQ(plan.Faults().size(), 6u);  // multiplier, budget, weights, over-selection, start, eval
  plan.privacy.reset();
  EXPECT_TRUE(plan.Faults().empty());
}

Population Of(std::vector<ClientId> names) {
  Population population;
  population.Connect(names);
  return population;
}

std::vector<ClientId> Numbered(int count) {
  std::vector<ClientId> names;
  for (int i = 0; i < count; ++i) names.push_back({fmt::format("client-{:05}", i)});
  return names;
}

TEST(Population, TheDrawIsAFunctionOfTheNamesNotOfTheirArrival) {
  RunPlan plan = SmallPlan();
  plan.cohort = 20;
  std::vector<ClientId> names = Numbered(300);
  const auto expected = Of(names).DrawCohort(plan, 3, 1);
  ASSERT_TRUE(expected);
  EXPECT_EQ(expected->size(), 20u);
  EXPECT_TRUE(std::is_sorted(expected->begin(), expected->end()));

  Random(1, "shuffle").Shuffle(std::span(names));
  Population other;
  for (const ClientId& name : names) other.Connect(std::span(&name, 1));
  other.Connect(Numbered(5));  // again
  const std::vector<ClientId> passing = {{"zz"}, {"aa"}};
  other.Connect(passing);
  other.Disconnect(std::span(passing).first(1));
  other.Remove(passing);
  EXPECT_EQ(other.enrolled(), 300);
  EXPECT_EQ(other.DrawCohort(plan, 3, 1), expected);
  EXPECT_NE(other.DrawCohort(plan, 3, 2), expected);
  EXPECT_NE(other.DrawCohort(plan, 4, 1), expected);
  plan.cohort_seed = 9;
  EXPECT_NE(other.DrawCohort(plan, 3, 1), expected);
}

TEST(Population, WhoIsAwayIsNotDrawnUnlessPrivacyRestsOnTheDraw) {
  RunPlan plan = SmallPlan();
  Population population = Of(Names("abcd"));
  population.Disconnect(Names("bd"));
  for (int64_t round = 1; round < 20; ++round) {
    EXPECT_EQ(population.DrawCohort(plan, round, 0), Names("ac"));
  }
  population.Disconnect(Names("a"));
  EXPECT_EQ(population.DrawCohort(plan, 1, 0), std::nullopt);
  plan.privacy = PrivacyPlan{1, 1};
  EXPECT_EQ(population.DrawCohort(plan, 1, 0)->size(), 2u);
}

TEST(Population, UniformDrawsTakeEveryClientEquallyOften) {
  RunPlan plan = SmallPlan();
  plan.cohort = 10;
  const Population population = Of(Numbered(40));
  std::map<ClientId, int> hits;
  constexpr int kRounds = 4000;
  for (int64_t round = 1; round <= kRounds; ++round) {
    const auto cohort = population.DrawCohort(plan, round, 0);
    for (const ClientId& name : *cohort) ++hits[name];
  }
  double chi_squared = 0;
  for (const auto& [name, count] : hits) chi_squared += std::pow(count - 1000.0, 2) / 750.0;
  EXPECT_EQ(hits.size(), 40u);
  EXPECT_LT(chi_squared, 72.1) << "0.1 % of chi-squared with 39 degrees of freedom is above";
}

TEST(Population, PoissonSizesAreBinomial) {
  RunPlan plan = SmallPlan();
  plan.cohort.reset();
  plan.sampling_rate = 0.05;
  const Population population = Of(Numbered(1000));
  double sum = 0, squares = 0;
  constexpr int kRounds = 4000;
  for (int64_t round = 1; round <= kRounds; ++round) {
    const auto size = static_cast<double>(population.DrawCohort(plan, round, 0)->size());
    sum += size;
    squares += size * size;
  }
  const double mean = sum / kRounds;
  EXPECT_NEAR(mean, 50, 4 * std::sqrt(47.5 / kRounds));
  EXPECT_NEAR(squares / kRounds - mean * mean, 47.5, 47.5 * 4 * std::sqrt(2.0 / kRounds));
  plan.sampling_rate = 1;
  EXPECT_EQ(population.DrawCohort(plan, 1, 0)->size(), 1000u);
}

TEST(Population, OverSelectionInvitesMoreButNeverMoreThanThereAre) {
  RunPlan plan = SmallPlan();
  plan.cohort = 10;
  plan.over_selection = 1.25;
  EXPECT_EQ(Of(Numbered(40)).DrawCohort(plan, 1, 0)->size(), 13u);
  EXPECT_EQ(Of(Numbered(11)).DrawCohort(plan, 1, 0)->size(), 11u);
}

// --- text ---

TEST(Text, RecordsReadBackAsTheyWere) {
  const std::vector<Record> records = {
      RunStarted{D("plan")},
      StageOpened{7, 3, TaskKind::kGradientSum, 2, 1, 0, At(1), At(2), {{"a b"}, {"c,d:e=%"}}},
      StageOpened{7, 3, TaskKind::kTrain, 0, 0, 0, At(-1), At(2), {}},
      UpdateAccepted{7, {"\xC3\xA9\n"}, D("u"), 1, {{"loss", 0.1}, {"tiny", -5e-324}}},
      ClientEnded{7, {"a"}, Reason::kDroppedOut},
      StageClosed{7, At(3), Reason::kLate},
      StageCommitted{7, At(4), D("x"), 10, 9, true, {{"x", std::numeric_limits<double>::max()}}},
      StageAbandoned{7, Reason::kBelowMinimum, At(5), false},
      RunPaused{Reason::kOperator},
      RunResumed{},
      StagesLost{12, 5},
      ClientDescribed{{"a"}, "0.1.0", "tributary-1", "2.15.0", "cpu", "avx2"},
      RunFinished{Reason::kEarlyStop},
  };
  for (const Record& record : records) {
    const std::string text = ToText(record);
    const auto back = RecordFromText(text);
    ASSERT_TRUE(back.has_value()) << text << ": " << back.error().message;
    EXPECT_TRUE(*back == record) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos);
    for (size_t cut = 0; cut < text.size(); ++cut) {  // a torn line is refused or another record
      const auto torn = RecordFromText(std::string_view(text).substr(0, cut));
      EXPECT_FALSE(torn.has_value() && *torn == record) << text.substr(0, cut);
    }
  }
}

TEST(Text, EveryReasonAndTaskKindHasAName) {
  for (int i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_EQ(ReasonFromName(Name(reason)), reason);
  }
  for (int i = 0; i < kTaskKinds; ++i) {
    const auto kind = static_cast<TaskKind>(i);
    EXPECT_EQ(TaskKindFromName(Name(kind)), kind);
  }
  EXPECT_EQ(ReasonFromName(""), std::nullopt);
  EXPECT_EQ(TaskKindFromName("Train"), std::nullopt);
}

TEST(Text, MalformedRecordsAreRefusedAndNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "unknown name"},
      {"run_begun plan=x", "unknown name"},
      {"run_resumed ", "too many"},
      {"run_paused", "field reason"},
      {"run_paused reason=tired", "field reason"},
      {"run_paused reason=operator x=1", "too many"},
      {"run_paused  reason=operator", "field reason"},
      {"client_ended client=a sequence=1 reason=late", "field sequence"},
      {"client_ended sequence=1x client=a reason=late", "field sequence"},
      {"client_ended sequence=99999999999999999999 client=a reason=late", "field sequence"},
      {"client_ended sequence=1 client= reason=late", "field client"},
      {"client_ended sequence=1 client=%4 reason=late", "field client"},
      {"client_ended sequence=1 client=%zz reason=late", "field client"},
      {"client_ended sequence=1 client=a\tb reason=late", "field client"},
      {"stage_abandoned sequence=1 reason=late retry_at=0 charged=2", "field charged"},
      {"update_accepted sequence=1 client=a digest=abc weight=1 metrics=", "field digest"},
      {"update_accepted sequence=1 client=a digest=" + D("u").Hex() + " weight=1 metrics=x:nan",
       "field metrics"},
      {"update_accepted sequence=1 client=a digest=" + D("u").Hex() + " weight=1 metrics=x:1,",
       "field metrics"},
  };
  for (const auto& [text, what] : cases) {
    const auto record = RecordFromText(text);
    ASSERT_FALSE(record.has_value()) << text;
    EXPECT_THAT(record.error().message, HasSubstr(what)) << text;
  }
}

}  // namespace
}  // namespace tributary::coordinator
