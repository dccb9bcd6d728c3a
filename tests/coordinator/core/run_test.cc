// Whole runs: their stages in order, their ends, privacy, and recovery at every record.
#include <gmock/gmock.h>

#include "tests/coordinator/core/play.h"

namespace tributary::coordinator {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// "round kind" of every stage that was opened.
std::vector<std::string> Stages(const Play& play) {
  std::vector<std::string> stages;
  for (const Record& record : play.records()) {
    if (const auto* opened = std::get_if<StageOpened>(&record)) {
      stages.push_back(fmt::format("{} {}", opened->round, Name(opened->kind)));
    }
  }
  return stages;
}

// Reports and aggregates whatever opens until the run ends; evaluations get `correct` in turn.
void PlayOut(Play& play, std::vector<int64_t> correct = {}) {
  size_t evaluations = 0;
  for (int i = 0; i < 100 && play.state().OpenStage() != nullptr; ++i) {
    play.OfferAll();
    const Task task = play.state().OpenStage()->task;
    const bool is_evaluation = !Traits(task.kind).changes_checkpoint;
    int64_t right = 0;
    if (task.kind == TaskKind::kEvaluate && evaluations < correct.size()) {
      right = correct[evaluations++];
    }
    play.Aggregate(fmt::format("{}-{}", Name(task.kind), task.round), is_evaluation ? 100 : 0,
                   right);
  }
}

RunPlan EvaluatedPlan(int64_t rounds) {
  RunPlan plan = SmallPlan();
  plan.rounds = rounds;
  plan.evaluate_clients = true;
  return plan;
}

TEST(Run, GoesThroughStatisticsEvaluationsAndRoundsInOrder) {
  RunPlan plan = EvaluatedPlan(3);
  plan.start = {TaskKind::kPublicGradient, TaskKind::kFeatureMoments};
  plan.designated = ClientId{"z"};
  plan.evaluate_public = true;
  plan.evaluate_every = 2;
  Play play(plan);
  play.Start("abcz");
  PlayOut(play);
  EXPECT_THAT(Stages(play),
              ElementsAre("0 public_gradient", "0 feature_moments", "0 public_evaluate",
                          "0 evaluate", "1 train", "2 train", "2 public_evaluate", "2 evaluate",
                          "3 train", "3 public_evaluate", "3 evaluate"));
  for (const Record& record : play.records()) {
    const auto* opened = std::get_if<StageOpened>(&record);
    if (opened == nullptr) continue;
    const bool has_designated = opened->cohort == Names("z");
    EXPECT_EQ(has_designated, Traits(opened->kind).is_designated) << ToText(record);
    if (has_designated) continue;
    EXPECT_EQ(opened->cohort.size(), opened->kind == TaskKind::kTrain ? 2u : 3u);
  }
  EXPECT_EQ(play.state().checkpoint, D("train-3"));
  EXPECT_EQ(play.state().phase, Phase(Finished{Reason::kComplete}));
}

TEST(Run, WaitsForTheDesignatedClient) {
  RunPlan plan = SmallPlan();
  plan.designated = ClientId{"z"};
  plan.start = {TaskKind::kPublicGradient};
  Play play(plan);
  play.Start("abc");
  EXPECT_TRUE(Stages(play).empty());
  play.Connect("z");
  EXPECT_THAT(Stages(play), ElementsAre("0 public_gradient"));
}

TEST(Run, KeepsTheBestByHeldOutRowsAndTheEarlierOfEquals) {
  RunPlan plan = EvaluatedPlan(4);
  plan.keep_best = true;
  Play play(plan);
  play.Start("ab");
  PlayOut(play, {50, 60, 70, 70, 65});
  EXPECT_THAT(play.Transcript(),
              HasSubstr("> finish_run reason=complete checkpoint=train-2 round=2\n"));
  plan.keep_best = false;
  Play last(plan);
  last.Start("ab");
  PlayOut(last, {50, 60, 70, 70, 65});
  EXPECT_THAT(last.Transcript(), HasSubstr("checkpoint=train-4 round=4\n"));
}

TEST(Run, TheStartMayBeTheBest) {
  RunPlan plan = EvaluatedPlan(2);
  plan.keep_best = true;
  Play play(plan);
  play.Start("ab");
  PlayOut(play, {90, 60, 70});
  EXPECT_THAT(play.Transcript(),
              HasSubstr("finish_run reason=complete checkpoint=start round=0\n"));
}

TEST(Run, StopsEarlyAfterPatience) {
  RunPlan plan = EvaluatedPlan(10);
  plan.patience = 2;
  Play play(plan);
  play.Start("ab");
  PlayOut(play, {50, 60, 55, 60});
  EXPECT_EQ(play.state().phase, Phase(Finished{Reason::kEarlyStop}));
  EXPECT_EQ(play.state().checkpoint_round, 3);
}

TEST(Run, ScoresAreComparedAsFractions) {
  const Score a{{}, 1, 3'000'000'000'000'000'000, 1'000'000'000'000'000'000};
  const Score b{{}, 2, 3'000'000'000'000'000'001, 1'000'000'000'000'000'000};
  EXPECT_TRUE(a.IsBetterThan(b));
  EXPECT_FALSE(b.IsBetterThan(a));
  EXPECT_FALSE(a.IsBetterThan(a));
  EXPECT_FALSE((Score{{}, 1, 0, 0}).IsBetterThan(a));
  EXPECT_TRUE(a.IsBetterThan(Score{{}, 1, 0, 0}));
}

TEST(Run, PauseLetsTheOpenStageEndAndOpensNoOther) {
  RunPlan plan = SmallPlan();
  plan.rounds = 2;
  Play play(plan);
  play.Start("ab").Do(OperatorRequest{OperatorRequest::Kind::kPause});
  play.OfferAll().Aggregate("one");
  EXPECT_THAT(Stages(play), ElementsAre("1 train"));
  EXPECT_EQ(play.state().paused, Reason::kOperator);
  play.Do(OperatorRequest{OperatorRequest::Kind::kResume});
  EXPECT_THAT(Stages(play), ElementsAre("1 train", "2 train"));
}

// --- restored from a backup ---

TEST(Run, PausesWhereAClientHasSeenALaterStageAndGoesOnBehindIt) {
  RunPlan plan = SmallPlan();
  plan.rounds = 3;
  Play play(plan);
  play.Start("ab").Do(StageSeen{{"a"}, 1}).Transcript();
  play.Do(StageSeen{{"a"}, 5});
  EXPECT_THAT(play.Transcript(),
              AllOf(HasSubstr("> dismiss client=b sequence=1 reason=rolled_back\n"),
                    HasSubstr("+ stage_abandoned sequence=1 reason=rolled_back"),
                    HasSubstr("+ run_paused reason=rolled_back\n")));
  play.Do(StageSeen{{"b"}, 4}).Do(StageSeen{{"b"}, 7}).At(500).Wake();
  EXPECT_EQ(play.Transcript(), "");
  play.Do(OperatorRequest{OperatorRequest::Kind::kResume});
  EXPECT_THAT(play.Transcript(), HasSubstr("+ stages_lost sequence=7 charged=0\n+ run_resumed\n"
                                           "+ stage_opened sequence=8 round=1"));
  const State state = play.state();
  play.Recover(1000);
  EXPECT_EQ(play.state(), state);
}

TEST(Run, AClaimThatCannotBeIsNotHeeded) {
  Play play(SmallPlan());
  play.Start("ab").Transcript();
  play.Do(StageSeen{{"a"}, -1}).Do(StageSeen{{"a"}, 0}).Do(StageSeen{{"a"}, kMaxLost + 2});
  play.Do(StageSeen{{"a"}, std::numeric_limits<int64_t>::max()});
  EXPECT_EQ(play.Transcript(), "");
  EXPECT_FALSE(play.state().paused);
}

TEST(Run, WhatWasLostIsCharged) {
  RunPlan plan = SmallPlan();
  plan.rounds = 9;
  plan.max_weight = 1;
  plan.privacy = PrivacyPlan{1.0, 7};
  Play play(plan);
  play.Start("ab").OfferAll().Aggregate("one").Do(StageSeen{{"a"}, 4});
  EXPECT_EQ(play.state().charged, 2);  // the first, and the one that was broken off
  play.Do(OperatorRequest{OperatorRequest::Kind::kResume});
  EXPECT_EQ(play.state().charged, 5);  // 3, 4, and 2 a second time
  play.OfferAll().Aggregate("two").OfferAll().Aggregate("three");
  EXPECT_EQ(play.state().charged, 7);
  EXPECT_TRUE(std::holds_alternative<Finished>(play.state().phase));
}

TEST(Run, StopAbandonsTheOpenStageAndKeepsWhatThereIs) {
  RunPlan plan = SmallPlan();
  plan.rounds = 3;
  Play play(plan);
  play.Start("ab").OfferAll().Aggregate("one").Offer("a", "ua").Transcript();
  play.At(9).Do(OperatorRequest{OperatorRequest::Kind::kStop});
  EXPECT_EQ(play.Transcript(),
            "+ stage_closed sequence=2 closed=9000000 rest=operator\n"
            "+ stage_abandoned sequence=2 reason=operator retry_at=14000000 charged=0\n"
            "+ run_finished reason=operator\n"
            "> dismiss client=b sequence=2 reason=operator\n"
            "> discard_uploads before=3\n"
            "> finish_run reason=operator checkpoint=one round=1\n");
  play.Do(OperatorRequest{OperatorRequest::Kind::kStop}).Wake();
  EXPECT_EQ(play.Transcript(), "");
}

// --- privacy ---

RunPlan PrivatePlan() {
  RunPlan plan = SmallPlan();
  plan.rounds = 5;
  plan.max_weight = 1;
  plan.privacy = PrivacyPlan{1.0, 3};
  return plan;
}

TEST(PrivateRun, ChargesCommittedAndAbandonedRoundsAndNeverOverspends) {
  Play play(PrivatePlan());
  play.Start("ab").OfferAll().Aggregate("one");
  EXPECT_EQ(play.state().charged, 1);
  play.At(61).Wake();  // nobody reports
  EXPECT_EQ(play.state().charged, 2);
  EXPECT_EQ(play.state().abandoned, 1);
  play.At(70).Wake().OfferAll();
  EXPECT_THAT(play.Transcript(), Not(HasSubstr("run_finished")));
  play.Aggregate("two");
  EXPECT_EQ(play.state().charged, 3);
  EXPECT_THAT(play.Transcript(), HasSubstr("+ run_finished reason=budget_spent\n"));
}

TEST(PrivateRun, DoesNotRecordWhatClientsMeasured) {
  Play play(PrivatePlan());
  play.Start("ab").Transcript();
  play.Do(UpdateOffered{{"a"}, 1, D("ua"), 1, {{"loss", 0.5}}});
  EXPECT_THAT(play.Transcript(), HasSubstr("weight=1 metrics= at="));
}

TEST(PrivateRun, DrawsFromWhoeverIsEnrolledOnlineOrNot) {
  Play play(PrivatePlan());
  play.Do(PopulationChanged{PopulationChanged::Kind::kEnrolled, Names("ab")});
  play.Do(OperatorRequest{OperatorRequest::Kind::kStart});
  EXPECT_THAT(play.Transcript(), HasSubstr("cohort=a,b\n"));
  play.At(9).Connect("a");
  EXPECT_THAT(play.Transcript(), HasSubstr("> send_task client=a"));
  play.At(10).Wake();
  EXPECT_THAT(play.Transcript(),
              HasSubstr("+ client_ended sequence=1 client=b reason=dropped_out"));
}

TEST(PrivateRun, AnEmptyCohortStillStepsAndIsCharged) {
  RunPlan plan = PrivatePlan();
  plan.cohort.reset();
  plan.sampling_rate = 1e-12;
  plan.minimum = 0;
  Play play(plan);
  play.Start("ab");
  EXPECT_THAT(play.Transcript(), HasSubstr("> finish_aggregate sequence=1 kind=train round=1 "
                                           "checkpoint=start updates=\n"));
  play.Aggregate("noise");
  EXPECT_EQ(play.state().charged, 1);
}

// --- recovery ---

TEST(Recovery, EveryPrefixOfAJournalIsAPlaceToGoOnFrom) {
  RunPlan plan = EvaluatedPlan(3);
  plan.start = {TaskKind::kFeatureMoments};
  plan.keep_best = true;
  Play whole(plan);
  whole.Start("abc");
  PlayOut(whole, {10, 20, 30, 40});
  ASSERT_EQ(whole.state().phase, Phase(Finished{Reason::kComplete}));
  const size_t count = whole.records().size();
  ASSERT_GT(count, 30u);
  for (size_t kept = 0; kept <= count; ++kept) {
    Play play(plan);
    play.Start("abc");
    PlayOut(play, {10, 20, 30, 40});
    play.Recover(kept);
    play.Start("abc");
    PlayOut(play, {40, 40, 40, 40});
    EXPECT_EQ(play.state().phase, Phase(Finished{Reason::kComplete})) << "after " << kept;
    EXPECT_EQ(play.state().checkpoint, D("train-3")) << "after " << kept;
    EXPECT_EQ(play.state().abandoned, 0) << "after " << kept;
  }
}

TEST(Recovery, AsksAgainForWhatIsUndone) {
  Play play(SmallPlan());
  play.Start("ab").OfferAll().Transcript();
  play.At(100).Recover(99);
  EXPECT_EQ(play.Transcript(),
            "> publish_checkpoint digest=start round=0\n"
            "> discard_uploads before=1\n"
            "> finish_aggregate sequence=1 kind=train round=1 checkpoint=start "
            "updates=a:ua:1,b:ub:1\n");
  play.Aggregate("one").Transcript();
  play.Recover(99);
  EXPECT_EQ(play.Transcript(),
            "> publish_checkpoint digest=one round=1\n"
            "> discard_uploads before=2\n"
            "> finish_run reason=complete checkpoint=one round=1\n");
}

TEST(Recovery, TheRoundGoesOnAndAcknowledgedUpdatesAreNotAskedForAgain) {
  Play play(SmallPlan());
  play.Start("ab").Offer("a", "ua").Transcript();
  play.At(600).Recover(99);  // long after the deadline: whoever is pending gets the grace
  EXPECT_EQ(play.Transcript(),
            "> publish_checkpoint digest=start round=0\n> discard_uploads before=1\n");
  EXPECT_EQ(play.core().NextDeadline(), At(610));
  play.At(605).Connect("ab");
  EXPECT_EQ(play.Transcript(),
            "> send_task client=b sequence=1 kind=train round=1 attempt=0 checkpoint=start "
            "deadline=60000000\n");
  play.At(609).Offer("b", "ub");
  EXPECT_THAT(play.Transcript(), HasSubstr("updates=a:ua:1,b:ub:1\n"));
}

TEST(Recovery, RefusesAnotherPlansJournalAndRecordsThatCannotFollow) {
  RunPlan plan = SmallPlan();
  Play play(plan);
  play.Start("ab").OfferAll().Aggregate("one");
  RunPlan other = plan;
  other.digest = D("other");
  const auto foreign = Coordinator::Recover(other, play.records(), At(0));
  ASSERT_FALSE(foreign.has_value());
  EXPECT_EQ(foreign.error().code, Code::kFailedPrecondition);
  EXPECT_THAT(foreign.error().message, HasSubstr("record 0: run_started: plan"));

  for (size_t missing = 0; missing + 1 < play.records().size(); ++missing) {
    std::vector<Record> records = play.records();
    records.erase(records.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_FALSE(Coordinator::Recover(plan, records, At(0)).has_value()) << "without " << missing;
  }
  for (size_t twice = 0; twice < play.records().size(); ++twice) {
    std::vector<Record> records = play.records();
    records.insert(records.begin() + static_cast<std::ptrdiff_t>(twice), records[twice]);
    EXPECT_FALSE(Coordinator::Recover(plan, records, At(0)).has_value()) << twice << " twice";
  }
}

TEST(Recovery, AFailedApplyChangesNothing) {
  RunPlan plan = SmallPlan();
  Play play(plan);
  play.Start("abc").Offer(play.state().OpenStage()->members[0].client.value, "u");
  const std::string pending = play.state().OpenStage()->members[1].client.value;
  const std::vector<Record> bad = {
      RunStarted{plan.digest},
      StageOpened{2, 1, TaskKind::kTrain, 1, 2, 2, At(0), At(60), Names("ab")},
      UpdateAccepted{1, {"zz"}, D("u"), 1, {}},
      UpdateAccepted{1, {pending}, D("u"), 101, {}},
      UpdateAccepted{2, {pending}, D("u"), 1, {}},
      ClientEnded{1, {pending}, Reason::kAccepted},
      StageClosed{2, At(1), Reason::kLate},
      StageCommitted{1, At(1), D("x"), 0, 0, false, {}},
      StageAbandoned{1, Reason::kOperator, At(1), false},
      RunResumed{},
      RunFinished{Reason::kComplete},
  };
  for (const Record& record : bad) {
    State state = play.state();
    const Status status = state.Apply(plan, record);
    ASSERT_FALSE(status.has_value()) << ToText(record);
    EXPECT_EQ(status.error().code, Code::kDataLoss);
    EXPECT_TRUE(state == play.state()) << ToText(record);
  }
  State closed = play.state();
  ASSERT_TRUE(closed.Apply(plan, StageClosed{1, At(1), Reason::kDeadline}).has_value());
  const Status commit = closed.Apply(plan, StageCommitted{1, At(1), D("x"), 0, 0, false, {}});
  ASSERT_FALSE(commit.has_value());
  EXPECT_THAT(commit.error().message, HasSubstr("below the minimum"));
}

}  // namespace
}  // namespace tributary::coordinator
