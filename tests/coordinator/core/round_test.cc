// Rounds as readable plays: "+" is a record, ">" a command.
#include <gmock/gmock.h>

#include "tests/coordinator/core/play.h"

namespace tributary::coordinator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kNothing = "";

TEST(Round, CommitsWhenTheCohortHasReported) {
  Play play(SmallPlan());
  play.Start("ab");
  EXPECT_EQ(play.Transcript(),
            "+ run_started plan=plan\n"
            "+ stage_opened sequence=1 round=1 kind=train attempt=0 target=2 minimum=2 opened=0 "
            "deadline=60000000 cohort=a,b\n"
            "> publish_checkpoint digest=start round=0\n"
            "> send_task client=a sequence=1 kind=train round=1 attempt=0 checkpoint=start "
            "deadline=60000000\n"
            "> send_task client=b sequence=1 kind=train round=1 attempt=0 checkpoint=start "
            "deadline=60000000\n");
  play.At(3).Offer("b", "ub", 30);
  EXPECT_EQ(play.Transcript(),
            "+ update_accepted sequence=1 client=b digest=ub weight=30 metrics= at=3000000\n"
            "> acknowledge client=b sequence=1\n");
  play.At(4).Offer("a", "ua", 400);
  EXPECT_EQ(play.Transcript(),
            "+ update_accepted sequence=1 client=a digest=ua weight=100 metrics= at=4000000\n"
            "+ stage_closed sequence=1 closed=4000000 rest=late\n"
            "> acknowledge client=a sequence=1\n"
            "> finish_aggregate sequence=1 kind=train round=1 checkpoint=start "
            "updates=a:ua:100,b:ub:30\n")
      << "weights are capped, and the fold is in name order";
  play.At(5).Aggregate("next");
  EXPECT_EQ(play.Transcript(),
            "+ stage_committed sequence=1 committed=5000000 digest=next rows=0 correct=0 charged=0 "
            "metrics=\n"
            "+ run_finished reason=complete\n"
            "> publish_checkpoint digest=next round=1\n"
            "> discard_uploads before=2\n"
            "> finish_run reason=complete checkpoint=next round=1\n");
}

TEST(Round, OverSelectionTakesTheFirstAndTellsTheRestThatTheyAreLate) {
  RunPlan plan = SmallPlan();
  plan.over_selection = 1.5;
  Play play(plan);
  play.Start("abc").Offer("c", "uc").Transcript();
  play.At(1).Offer("a", "ua");
  EXPECT_EQ(play.Transcript(),
            "+ update_accepted sequence=1 client=a digest=ua weight=1 metrics= at=1000000\n"
            "+ stage_closed sequence=1 closed=1000000 rest=late\n"
            "> acknowledge client=a sequence=1\n"
            "> dismiss client=b sequence=1 reason=late\n"
            "> finish_aggregate sequence=1 kind=train round=1 checkpoint=start "
            "updates=a:ua:1,c:uc:1\n");
  play.At(2).Offer("b", "ub");
  EXPECT_EQ(play.Transcript(), "> dismiss client=b sequence=1 reason=late\n");
  EXPECT_EQ(play.core().refused_offers(), 1);
}

TEST(Round, AggregatesAtTheDeadlineWithTheMinimum) {
  RunPlan plan = SmallPlan();
  plan.minimum = 1;
  Play play(plan);
  play.Start("ab").At(1).Offer("a", "ua").Transcript();
  EXPECT_EQ(play.core().NextDeadline(), At(60));
  play.At(59).Wake();
  EXPECT_EQ(play.Transcript(), kNothing);
  play.At(60).Wake();
  EXPECT_EQ(play.Transcript(),
            "+ stage_closed sequence=1 closed=60000000 rest=deadline\n"
            "> dismiss client=b sequence=1 reason=deadline\n"
            "> finish_aggregate sequence=1 kind=train round=1 checkpoint=start updates=a:ua:1\n");
}

TEST(Round, WhatComesAfterTheDeadlineIsKeptOutEvenIfNobodyHadCalled) {
  RunPlan plan = SmallPlan();
  plan.minimum = 1;
  Play play(plan);
  play.Start("ab").At(1).Offer("a", "ua").At(61).Offer("b", "ub");
  const Stage& stage = *play.state().OpenStage();
  EXPECT_EQ(stage.accepted, 1);
  EXPECT_EQ(stage.Find({"b"})->outcome, Reason::kDeadline);
  EXPECT_EQ(play.core().refused_offers(), 1);
}

TEST(Round, BelowTheMinimumItIsTriedAgainLaterWithAnotherDraw) {
  RunPlan plan = SmallPlan();
  Play play(plan);
  play.Start("abcdefgh");
  const auto first = play.state().OpenStage()->members;
  play.Offer(first[0].client.value, "u").Transcript();
  play.At(60).Wake();
  EXPECT_THAT(play.Transcript(),
              HasSubstr("+ stage_abandoned sequence=1 reason=below_minimum retry_at=65000000 "
                        "charged=0\n"));
  EXPECT_EQ(play.core().NextDeadline(), At(65));
  play.At(64).Wake();
  EXPECT_EQ(play.Transcript(), kNothing);
  play.At(65).Wake();
  EXPECT_THAT(play.Transcript(),
              HasSubstr("+ stage_opened sequence=2 round=1 kind=train attempt=1"));
  const auto cohort = [](const std::vector<Member>& members) {
    return members[0].client.value + members[1].client.value;
  };
  EXPECT_NE(cohort(first), cohort(play.state().OpenStage()->members));
}

TEST(Round, PausesWithTheReasonWhenAttemptsAreUsedUpAndGoesOnWhenAsked) {
  Play play(SmallPlan());
  play.Start("ab");
  play.At(60).Wake().At(65).Wake();    // the second attempt, after 5 s
  play.At(125).Wake().At(135).Wake();  // the third, after 10 s
  EXPECT_EQ(play.sequence(), 3);
  play.Transcript();
  play.At(195).Wake();
  EXPECT_THAT(play.Transcript(), HasSubstr("+ run_paused reason=retries_exhausted\n"));
  EXPECT_EQ(play.core().NextDeadline(), std::nullopt);
  play.At(500).Wake();
  EXPECT_EQ(play.Transcript(), kNothing);
  play.Do(OperatorRequest{OperatorRequest::Kind::kResume});
  EXPECT_THAT(play.Transcript(), HasSubstr("+ run_resumed\n+ stage_opened sequence=4 round=1 "
                                           "kind=train attempt=3"));
}

TEST(Round, AnUpdateKeepsWhatItsClientSaidOfItsProgramOnce) {
  RunPlan plan = SmallPlan();
  plan.rounds = 2;
  Play play(plan);
  const ClientDescribed said{{"a"}, "0.1.0", "tributary-1", "2.15.0", "cpu", "avx2"};
  play.Start("ab").Do(ClientSaid{said}).Transcript();
  play.Offer("a", "ua");
  EXPECT_THAT(play.Transcript(),
              HasSubstr("+ client_described client=a program=0.1.0 numerics=tributary-1 "
                        "torch=2.15.0 device=cpu instruction_set=avx2\n+ update_accepted"));
  play.Offer("b", "ub").Aggregate("one").Do(ClientSaid{said}).Transcript();
  play.OfferAll();
  EXPECT_THAT(play.Transcript(), Not(HasSubstr("client_described")));
  EXPECT_EQ(play.state().described.at({"a"}), said);
  const State state = play.state();
  play.Recover(1000);
  EXPECT_EQ(play.state().described, state.described);
}

TEST(Round, ARepeatedUpdateIsAcknowledgedAgainAndAnotherOneIsRefused) {
  Play play(SmallPlan());
  play.Start("ab").Offer("a", "ua").Transcript();
  play.Offer("a", "ua");
  EXPECT_EQ(play.Transcript(), "> acknowledge client=a sequence=1\n");
  play.Offer("a", "other");
  EXPECT_EQ(play.Transcript(), "> dismiss client=a sequence=1 reason=conflict\n");
  EXPECT_EQ(play.state().OpenStage()->Find({"a"})->digest, D("ua"));
  EXPECT_EQ(play.state().OpenStage()->accepted, 1);
}

TEST(Round, StrangersAndOtherStagesAreRefused) {
  Play play(SmallPlan());
  play.Start("ab").Transcript();
  play.Offer("z", "uz");
  play.Do(UpdateOffered{{"a"}, 0, D("old"), 1, {}}).Do(UpdateOffered{{"a"}, 9, D("new"), 1, {}});
  EXPECT_EQ(play.Transcript(),
            "> dismiss client=z sequence=1 reason=not_selected\n"
            "> dismiss client=a sequence=0 reason=late\n"
            "> dismiss client=a sequence=9 reason=not_selected\n");
}

TEST(Round, AFaultEndsTheClientsPartWithItsNameAndTheRoundGoesOn) {
  RunPlan plan = SmallPlan();
  plan.cohort.reset();
  plan.minimum = 1;
  Play play(plan);
  play.Start("abcde").Transcript();
  play.Offer("a", "ua", 0);
  play.Do(UpdateOffered{{"b"}, 1, D("ub"), 1, {{"loss", std::nan("")}}});
  play.Do(ClientFailed{{"c"}, 1, Reason::kDeclined}).Do(ClientFailed{{"d"}, 1, Reason::kNonFinite});
  EXPECT_EQ(play.Transcript(),
            "+ client_ended sequence=1 client=a reason=bad_update at=0\n"
            "> dismiss client=a sequence=1 reason=bad_update\n"
            "+ client_ended sequence=1 client=b reason=bad_update at=0\n"
            "> dismiss client=b sequence=1 reason=bad_update\n"
            "+ client_ended sequence=1 client=c reason=declined at=0\n"
            "> dismiss client=c sequence=1 reason=declined\n"
            "+ client_ended sequence=1 client=d reason=non_finite at=0\n"
            "> dismiss client=d sequence=1 reason=non_finite\n");
  play.Offer("e", "ue");
  EXPECT_THAT(play.Transcript(), HasSubstr("updates=e:ue:1\n"));
  play.Do(ClientFailed{{"c"}, 1, Reason::kDeclined});  // said again, answered again
  EXPECT_EQ(play.Transcript(), "> dismiss client=c sequence=1 reason=declined\n");
}

TEST(Round, ALostClientHasTheGraceToComeBack) {
  RunPlan plan = SmallPlan();
  plan.minimum = 1;
  Play play(plan);
  play.Start("ab").At(5).Disconnect("a").At(12).Connect("a");
  EXPECT_THAT(play.Transcript(), HasSubstr("deadline=60000000\n> send_task client=a sequence=1"));
  play.At(20).Disconnect("a");
  EXPECT_EQ(play.core().NextDeadline(), At(30));
  play.At(29).Wake();
  EXPECT_EQ(play.Transcript(), kNothing);
  play.At(30).Wake();
  EXPECT_EQ(play.Transcript(),
            "+ client_ended sequence=1 client=a reason=dropped_out at=30000000\n"
            "> dismiss client=a sequence=1 reason=dropped_out\n");
  play.At(31).Offer("a", "ua");
  EXPECT_EQ(play.Transcript(), "> dismiss client=a sequence=1 reason=dropped_out\n");
  play.At(32).Offer("b", "ub");
  EXPECT_THAT(play.Transcript(), HasSubstr("> finish_aggregate"))
      << "everybody has ended, so nobody is waited for";
}

TEST(Round, ATaskHeldForAStageThatIsOverIsDismissed) {
  Play play(SmallPlan());
  play.Start("ab").Offer("a", "ua").Transcript();
  play.Do(TaskHeld{{"b"}, 1});
  EXPECT_EQ(play.Transcript(), kNothing);
  play.Do(TaskHeld{{"a"}, 1}).Do(TaskHeld{{"b"}, 0}).Do(TaskHeld{{"z"}, 1});
  EXPECT_EQ(play.Transcript(),
            "> acknowledge client=a sequence=1\n"
            "> dismiss client=b sequence=0 reason=late\n"
            "> dismiss client=z sequence=1 reason=late\n");
}

TEST(Round, AFailedAggregateAbandonsTheStageAndAnOutdatedAnswerIsIgnored) {
  Play play(SmallPlan());
  play.Start("ab").OfferAll().Transcript();
  play.Do(AggregateFailed{1});
  EXPECT_THAT(play.Transcript(), HasSubstr("reason=aggregate_failed retry_at=5000000"));
  play.Do(AggregateFinished{1, D("x"), 0, 0, {}}).Do(AggregateFailed{1});
  EXPECT_EQ(play.Transcript(), kNothing);
}

TEST(Round, WaitsUntilEnoughClientsAreThere) {
  Play play(SmallPlan());
  play.Start("a");
  EXPECT_THAT(play.Transcript(), Not(HasSubstr("stage_opened")));
  play.At(7).Connect("b");
  EXPECT_THAT(play.Transcript(), HasSubstr("opened=7000000 deadline=67000000 cohort=a,b"));
}

TEST(Round, AStepThatBreaksAPromiseChangesNothing) {
  Play play(SmallPlan());
  play.Start("ab").OfferAll();
  Coordinator core = play.core();
  const State before = core.state();
  const std::vector<Event> broken = {
      AggregateFinished{1, D("x"), 5, 6, {}},
      AggregateFinished{1, D("x"), 0, 0, {{"", 1.0}}},
      ClientFailed{{"a"}, 1, Reason::kAccepted},
      PopulationChanged{PopulationChanged::Kind::kConnected, {{""}}},
      PopulationChanged{PopulationChanged::Kind::kConnected, {{std::string(256, 'x')}}},
  };
  for (const Event& event : broken) {
    const Status status = core.Step(At(1), event);
    ASSERT_FALSE(status.has_value()) << ToText(event);
    EXPECT_EQ(status.error().code, Code::kInvalidArgument);
    EXPECT_TRUE(core.state() == before);
    EXPECT_TRUE(core.TakeReady().empty());
  }
}

}  // namespace
}  // namespace tributary::coordinator
