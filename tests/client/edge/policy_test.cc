// The site's policy: what it accepts, what it refuses and with which words.

#include "client/edge/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregation/base/file.h"
#include "client/edge/settings.h"
#include "tests/support/scratch.h"

namespace tributary::edge {
namespace {

using client::Standing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

config::Config SomePlan() {
  config::Config plan;
  plan.model.digest = Sha256("model").Hex();
  plan.adapter.method = "flora";
  plan.federation.minimum = 5;
  plan.privacy.mode = "central";
  return plan;
}

Policy StrictPolicy() {
  Policy policy;
  policy.models = {Sha256("other").Hex(), Sha256("model").Hex()};
  policy.methods = {"fedit", "flora"};
  policy.max_rank = 8;
  policy.max_steps = 100;
  policy.min_cohort = 5;
  policy.privacy = "central";
  return policy;
}

TEST(Policy, AnEmptyOneAcceptsEverything) {
  const config::Config plan;
  for (int kind = 0; kind < kTaskKinds; ++kind)
    EXPECT_TRUE(Decide({}, {plan, static_cast<TaskKind>(kind), 4096, 1'000'000}).is_accepted);
}

TEST(Policy, AcceptsWhatIsWithinEveryLimit) {
  const config::Config plan = SomePlan();
  EXPECT_TRUE(Decide(StrictPolicy(), {plan, TaskKind::kTrain, 8, 100}).is_accepted);
  EXPECT_TRUE(Decide(StrictPolicy(), {plan, TaskKind::kTrain, 8, 0}).is_accepted);
}

TEST(Policy, NamesWhateverIsOutsideOfIt) {
  struct Case {
    std::function<void(config::Config&, Question&)> change;
    const char* says;
  };
  const std::vector<Case> cases = {
      {[](auto& plan, auto&) { plan.model.digest = "ab"; }, "base model ab is not among"},
      {[](auto& plan, auto&) { plan.adapter.method = "fed-sb"; },
       "method fed-sb is not allowed; policy.methods has fedit, flora"},
      {[](auto&, auto& q) { q.rank = 9; }, "rank 9 is above policy.max_rank 8"},
      {[](auto&, auto& q) { q.steps = 101; }, "101 steps are above policy.max_steps 100"},
      {[](auto& plan, auto&) { plan.federation.minimum = 4; },
       "federation.minimum 4 is below policy.min_cohort 5"},
      {[](auto& plan, auto&) { plan.privacy.mode = "none"; },
       "privacy.mode is none, policy.privacy asks for central"}};
  for (const Case& c : cases) {
    config::Config plan = SomePlan();
    Question question{plan, TaskKind::kTrain, 8, 100};
    c.change(plan, question);
    const Verdict verdict = Decide(StrictPolicy(), question);
    EXPECT_FALSE(verdict.is_accepted) << c.says;
    EXPECT_EQ(verdict.standing, Standing::kOutsidePolicy);
    EXPECT_THAT(verdict.reason, HasSubstr(c.says));
  }
}

TEST(Policy, SaysAllReasonsAtOnce) {
  config::Config plan = SomePlan();
  plan.adapter.method = "fed-sb";
  const Verdict verdict = Decide(StrictPolicy(), {plan, TaskKind::kTrain, 9, 0});
  EXPECT_EQ(verdict.reason,
            "outside the site's policy: method fed-sb is not allowed; policy.methods has fedit, "
            "flora; rank 9 is above policy.max_rank 8");
}

TEST(Policy, NoMetricsMeansNoEvaluationOfTheSitesRows) {
  const config::Config plan;
  Policy policy;
  policy.metrics = "none";
  const Verdict verdict = Decide(policy, {plan, TaskKind::kEvaluate});
  EXPECT_FALSE(verdict.is_accepted);
  EXPECT_EQ(verdict.standing, Standing::kOpen) << "the site goes on training";
  EXPECT_TRUE(Decide(policy, {plan, TaskKind::kTrain}).is_accepted);
  EXPECT_TRUE(Decide(policy, {plan, TaskKind::kPublicEvaluate}).is_accepted);
  policy.metrics = "sums";
  EXPECT_TRUE(Decide(policy, {plan, TaskKind::kEvaluate}).is_accepted);
}

TEST(Policy, OnlyPerSiteLetsMetricsOut) {
  const std::vector<Metric> metrics = {{"loss", 0.5}, {"rows", 12}};
  Policy policy;
  EXPECT_EQ(Allowed(policy, metrics), metrics);
  for (const char* other : {"sums", "none"}) {
    policy.metrics = other;
    EXPECT_THAT(Allowed(policy, metrics), IsEmpty());
  }
}

TEST(Policy, KindsOfTasksAreRefusedOneByOne) {
  const config::Config plan;
  Policy policy;
  policy.tasks = {"evaluate"};
  EXPECT_TRUE(Decide(policy, {plan, TaskKind::kEvaluate}).is_accepted);
  const Verdict verdict = Decide(policy, {plan, TaskKind::kTrain});
  EXPECT_EQ(verdict.standing, Standing::kOpen);
  EXPECT_THAT(verdict.reason, HasSubstr("policy.tasks has evaluate, not train"));
}

TEST(Policy, AsksOnceAndOnlyForWhatItCouldAccept) {
  config::Config plan = SomePlan();
  Policy policy = StrictPolicy();
  policy.approve = "ask";
  EXPECT_EQ(Decide(policy, {plan}).standing, Standing::kPending);
  EXPECT_TRUE(Decide(policy, {plan, TaskKind::kTrain, 1, 1, true}).is_accepted);
  plan.adapter.method = "fed-sb";
  EXPECT_EQ(Decide(policy, {plan}).standing, Standing::kOutsidePolicy);
}

TEST(Policy, IsClosedOutsideItsHours) {
  const config::Config plan;
  Policy policy;
  policy.hours = "22:00-06:00";
  const auto at = [&](int hour, int minute) {
    return Decide(policy, {plan, TaskKind::kTrain, 1, 1, false, hour * 60 + minute});
  };
  EXPECT_TRUE(at(22, 0).is_accepted);
  EXPECT_TRUE(at(0, 0).is_accepted);
  EXPECT_TRUE(at(5, 59).is_accepted);
  EXPECT_EQ(at(6, 0).standing, Standing::kClosed);
  EXPECT_EQ(at(6, 0).closed_minutes, 16 * 60);
  EXPECT_EQ(at(21, 59).closed_minutes, 1);
  EXPECT_EQ(at(12, 0).reason, "outside the site's hours 22:00-06:00, closed until 22:00");
}

TEST(Hours, MayLieWithinADay) {
  const auto hours = Hours::Read("09:30-17:00 UTC");
  ASSERT_TRUE(hours.has_value());
  EXPECT_TRUE(hours->is_utc);
  EXPECT_EQ(hours->MinutesUntilOpen(9 * 60 + 30), 0);
  EXPECT_EQ(hours->MinutesUntilOpen(17 * 60), 16 * 60 + 30);
  EXPECT_EQ(hours->MinutesUntilOpen(0), 9 * 60 + 30);
}

TEST(Hours, RefuseWhatIsNoPairOfTimes) {
  for (const char* text : {"", "22:00", "22-06", "24:00-06:00", "22:60-06:00", "22:00-22:00",
                           "22:00-06:00 CET", "-2:00-06:00", "22:00-06:0a", "22:00-06:00-"})
    EXPECT_FALSE(Hours::Read(text).has_value()) << text;
}

TEST(PolicySettings, AreReadAndAllFaultsFound) {
  const ScratchDirectory scratch;
  const auto file = scratch.path() / "client.toml";
  ASSERT_TRUE(WriteFile(file,
                        "name = \"a\"\n[policy]\nmethods = [\"flora\"]\nmax_steps = 40\n"
                        "hours = \"22:00-06:00\"\nmetrics = \"sums\"\napprove = \"ask\"\n"));
  const auto settings = ReadSettings(file);
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_THAT(settings->policy.methods, ElementsAre("flora"));
  EXPECT_EQ(settings->policy.max_steps, 40);
  EXPECT_EQ(settings->policy.metrics, "sums");
  EXPECT_EQ(settings->policy.approve, "ask");
  ASSERT_TRUE(WriteFile(file,
                        "name = \"a\"\n[policy]\nmethods = [\"flore\"]\nhours = \"night\"\n"
                        "models = [\"bert\"]\ntasks = [\"trian\"]\n"));
  const std::string faults = ReadSettings(file).error().message;
  for (const char* says : {"did you mean \"flora\"", "\"night\"", "\"bert\"", "\"trian\""})
    EXPECT_THAT(faults, HasSubstr(says));
}

}  // namespace
}  // namespace tributary::edge
