// The client's session as plays: events in, commands and records out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/core/session.h"

namespace tributary::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TimePoint At(double seconds) { return TimePoint{Duration(static_cast<int64_t>(seconds * 1e6))}; }

SessionOptions Options(const std::string& name) {
  SessionOptions options;
  options.name.value = name;
  options.seed = 1;
  return options;
}

Task SomeTask(int64_t sequence) {
  Task task;
  task.sequence = sequence;
  task.round = 1;
  task.checkpoint = Sha256("start");
  task.deadline = At(60);
  return task;
}

struct Describe {
  std::string operator()(const Connect&) const { return "connect"; }
  std::string operator()(const SayHello& c) const { return fmt::format("hello {}", c.holds); }
  std::string operator()(const SayStanding& c) const {
    return fmt::format("standing {}", Name(c.standing));
  }
  std::string operator()(const ConsentChanged& r) const {
    return fmt::format("+consent {}", Name(r.consent));
  }
  std::string operator()(const StartWork& c) const {
    return fmt::format("start {}", c.task.sequence);
  }
  std::string operator()(const StopWork& c) const { return fmt::format("stop {}", c.sequence); }
  std::string operator()(const Upload& c) const { return fmt::format("upload {}", c.sequence); }
  std::string operator()(const Report& c) const {
    return fmt::format("report {} {}", c.update.sequence, Name(c.update.reason));
  }
  std::string operator()(const TaskTaken& r) const {
    return fmt::format("+taken {}", r.task.sequence);
  }
  std::string operator()(const UpdateReady& r) const {
    return fmt::format("+ready {}", r.sequence);
  }
  std::string operator()(const TaskEnded& r) const {
    return fmt::format("+ended {} {}", r.sequence, Name(r.reason));
  }
};

class SessionTest : public ::testing::Test {
 protected:
  std::vector<std::string> Recover() {
    auto session = Session::Recover(Options("a"), journal_, now_);
    EXPECT_TRUE(session.has_value());
    session_.emplace(*std::move(session));
    return Take();
  }
  std::vector<std::string> Do(TimePoint now, const Event& event) {
    now_ = now;
    session_->Step(now, event);
    return Take();
  }
  std::vector<std::string> Wake() { return Do(*session_->NextDeadline(), TimeReached{}); }
  void BeWorking() {
    Recover();
    Do(At(0), Connected{});
    Do(At(1), TaskReceived{SomeTask(3)});
  }
  void BeReporting() {
    BeWorking();
    Do(At(2), WorkFinished{3, Sha256("update"), 7, {{"loss", 0.5}}});
    Do(At(3), Uploaded{3});
  }
  std::vector<std::string> Take() {
    std::vector<std::string> lines;
    for (Ready ready = session_->TakeReady(); !ready.empty(); ready = session_->TakeReady()) {
      for (const Record& record : ready.records) {
        lines.push_back(std::visit(Describe{}, record));
        journal_.push_back(record);
      }
      for (const Command& command : ready.commands) {
        lines.push_back(std::visit(Describe{}, command));
      }
    }
    return lines;
  }

  TimePoint now_;
  std::vector<Record> journal_;
  std::optional<Session> session_;
};

TEST_F(SessionTest, GoesThroughATask) {
  EXPECT_THAT(Recover(), ElementsAre("connect"));
  EXPECT_EQ(session_->phase(), Phase::kConnecting);
  EXPECT_THAT(Do(At(0), Connected{}), ElementsAre("hello 0"));
  EXPECT_EQ(session_->phase(), Phase::kWaiting);
  EXPECT_THAT(Do(At(1), TaskReceived{SomeTask(3)}), ElementsAre("+taken 3", "start 3"));
  EXPECT_EQ(session_->phase(), Phase::kWorking);
  EXPECT_THAT(Do(At(2), WorkFinished{3, Sha256("u"), 7, {}}), ElementsAre("+ready 3", "upload 3"));
  EXPECT_EQ(session_->phase(), Phase::kUploading);
  EXPECT_THAT(Do(At(3), Uploaded{3}), ElementsAre("report 3 accepted"));
  EXPECT_EQ(session_->phase(), Phase::kReporting);
  EXPECT_THAT(Do(At(4), Acknowledged{3}), ElementsAre("+ended 3 accepted"));
  EXPECT_EQ(session_->phase(), Phase::kWaiting);
}

TEST_F(SessionTest, ReportsAFailureWithoutAnUpload) {
  BeWorking();
  EXPECT_THAT(Do(At(2), WorkFailed{3, Reason::kNonFinite}),
              ElementsAre("+ready 3", "report 3 non_finite"));
  EXPECT_THAT(Do(At(3), Dismissed{3, Reason::kNonFinite}), ElementsAre("+ended 3 non_finite"));
}

TEST_F(SessionTest, SaysAgainWhatIsNotAnsweredLessAndLessOften) {
  BeReporting();
  std::vector<double> gaps;
  for (int i = 0; i < 10; ++i) {
    const TimePoint before = now_;
    EXPECT_THAT(Wake(), ElementsAre("report 3 accepted"));
    gaps.push_back(static_cast<double>((now_ - before).count()) / 1e6);
  }
  double most = 1;
  for (double gap : gaps) {
    EXPECT_GE(gap, most / 2);
    EXPECT_LE(gap, most);
    most = std::min(most * 2, 15.0);
  }
}

TEST_F(SessionTest, HelloIsRepeatedWhileNothingIsToBeReported) {
  Recover();
  Do(At(0), Connected{});
  EXPECT_EQ(session_->NextDeadline(), At(20));
  EXPECT_THAT(Wake(), ElementsAre("hello 0"));
  Do(At(21), TaskReceived{SomeTask(3)});
  EXPECT_THAT(Wake(), ElementsAre("hello 3"));
}

TEST_F(SessionTest, BacksOffWithJitterAndKeepsWorking) {
  BeWorking();
  EXPECT_THAT(Do(At(2), ConnectionLost{}), IsEmpty());
  EXPECT_EQ(session_->phase(), Phase::kWorking);
  EXPECT_THAT(Do(At(2.1), WorkFinished{3, Sha256("u"), 7, {}}), ElementsAre("+ready 3"));
  EXPECT_EQ(session_->phase(), Phase::kBackingOff);
  EXPECT_THAT(Wake(), ElementsAre("connect"));
  const TimePoint failed = now_;
  EXPECT_THAT(Do(failed, ConnectionLost{}), IsEmpty());
  EXPECT_GT(*session_->NextDeadline() - failed, std::chrono::milliseconds(999));
  EXPECT_THAT(Wake(), ElementsAre("connect"));
  EXPECT_THAT(Do(now_, Connected{}), ElementsAre("hello 3", "upload 3"));
}

TEST_F(SessionTest, ComesBackNotSoonerThanItWasTold) {
  Recover();
  Do(At(0), Connected{});
  Do(At(1), ConnectionLost{std::chrono::seconds(5)});
  EXPECT_GE(*session_->NextDeadline(), At(6));
  EXPECT_LE(*session_->NextDeadline(), At(7));
  EXPECT_THAT(Wake(), ElementsAre("connect"));
}

TEST_F(SessionTest, AnUploadThatWasCutIsTakenUpAgain) {
  BeWorking();
  Do(At(2), WorkFinished{3, Sha256("u"), 7, {}});
  Do(At(3), ConnectionLost{});
  EXPECT_THAT(Do(At(3), Uploaded{3}), IsEmpty()) << "said of a connection that is gone";
  Wake();
  EXPECT_THAT(Do(now_, Connected{}), ElementsAre("hello 3", "upload 3"));
  EXPECT_THAT(Do(now_, Uploaded{3}), ElementsAre("report 3 accepted"));
  Do(now_, ConnectionLost{});
  Wake();
  EXPECT_THAT(Do(now_, Connected{}), ElementsAre("hello 3", "report 3 accepted"));
}

TEST_F(SessionTest, DismissalStopsTheWork) {
  BeWorking();
  EXPECT_THAT(Do(At(2), Dismissed{2, Reason::kLate}), IsEmpty());
  EXPECT_THAT(Do(At(2), Dismissed{3, Reason::kLate}), ElementsAre("+ended 3 late", "stop 3"));
  EXPECT_THAT(Do(At(3), WorkFinished{3, Sha256("u"), 7, {}}), IsEmpty());
}

TEST_F(SessionTest, DismissalStopsTheUpload) {
  BeWorking();
  Do(At(2), WorkFinished{3, Sha256("u"), 7, {}});
  EXPECT_THAT(Do(At(3), Dismissed{3, Reason::kLate}), ElementsAre("+ended 3 late", "stop 3"));
}

TEST_F(SessionTest, AnUploadThatIsRefusedIsTriedLessAndLessOften) {
  BeWorking();
  Do(At(2), WorkFinished{3, Sha256("u"), 7, {}});
  std::vector<Duration> gaps;
  for (int i = 0; i < 8; ++i) {
    const TimePoint before = now_;
    Do(now_, ConnectionLost{});
    EXPECT_THAT(Wake(), ElementsAre("connect"));
    EXPECT_THAT(Do(now_, Connected{}), ElementsAre("hello 3", "upload 3"));
    gaps.push_back(now_ - before);
  }
  EXPECT_GT(gaps.back(), 7 * gaps.front());
}

TEST_F(SessionTest, RepeatedAndOutdatedTasksAreNotDoneAgain) {
  BeWorking();
  EXPECT_THAT(Do(At(2), TaskReceived{SomeTask(3)}), IsEmpty());
  EXPECT_THAT(Do(At(2), TaskReceived{SomeTask(2)}), IsEmpty());
  EXPECT_THAT(Do(At(2), TaskReceived{SomeTask(4)}),
              ElementsAre("+ended 3 late", "+taken 4", "stop 3", "start 4"));
  Do(At(3), Dismissed{4, Reason::kLate});
  EXPECT_THAT(Do(At(4), TaskReceived{SomeTask(4)}), IsEmpty());
  EXPECT_THAT(Do(At(4), Acknowledged{4}), IsEmpty());
}

TEST_F(SessionTest, RecoversAtEveryRecord) {
  BeReporting();
  Do(At(4), Acknowledged{3});
  ASSERT_EQ(journal_.size(), 3u);
  const std::vector<Record> whole = journal_;

  journal_ = {whole[0]};
  EXPECT_THAT(Recover(), ElementsAre("start 3", "connect"));
  EXPECT_EQ(session_->phase(), Phase::kWorking);

  journal_ = {whole[0], whole[1]};
  EXPECT_THAT(Recover(), ElementsAre("connect"));
  EXPECT_THAT(Do(At(9), Connected{}), ElementsAre("hello 3", "upload 3"));
  const auto& update = std::get<UpdateReady>(whole[1]);
  EXPECT_EQ(session_->in_hand().update, update);

  journal_ = whole;
  EXPECT_THAT(Recover(), ElementsAre("connect"));
  Do(At(9), Connected{});
  EXPECT_THAT(Do(At(9), TaskReceived{SomeTask(3)}), IsEmpty()) << "it has been done";
}

TEST_F(SessionTest, RefusesRecordsThatCannotFollow) {
  const std::vector<std::vector<Record>> broken = {
      {UpdateReady{3}},
      {TaskEnded{3, Reason::kLate}},
      {TaskTaken{SomeTask(3)}, TaskTaken{SomeTask(4)}},
      {TaskTaken{SomeTask(3)}, UpdateReady{4}},
      {TaskTaken{SomeTask(3)}, UpdateReady{3}, UpdateReady{3}},
      {TaskTaken{SomeTask(3)}, TaskEnded{3, Reason::kLate}, TaskTaken{SomeTask(3)}},
  };
  for (const std::vector<Record>& records : broken) {
    const auto session = Session::Recover(Options("a"), records, At(0));
    ASSERT_FALSE(session.has_value());
    EXPECT_EQ(session.error().code, Code::kDataLoss);
    EXPECT_THAT(session.error().message,
                ::testing::StartsWith(fmt::format("record {}", records.size() - 1)));
  }
}

TEST(Session, ClientsThatLostTheCoordinatorTogetherComeBackApart) {
  std::vector<Duration> delays;
  for (const char* name : {"a", "b", "c", "d"}) {
    auto session = Session::Recover(Options(name), {}, At(0));
    ASSERT_TRUE(session.has_value());
    session->Step(At(0), ConnectionLost{});
    delays.push_back(*session->NextDeadline() - At(0));
  }
  std::sort(delays.begin(), delays.end());
  EXPECT_EQ(std::unique(delays.begin(), delays.end()), delays.end());
}

// --- the site's own will ---

TEST_F(SessionTest, WaitsForApprovalAwayAndComesBackWithIt) {
  BeWorking();
  EXPECT_THAT(Do(At(2), WorkDeclined{3, Standing::kPending}),
              ElementsAre("+consent pending", "+ready 3", "standing pending approval",
                          "report 3 declined"));
  EXPECT_EQ(session_->standing(), Standing::kPending);
  EXPECT_THAT(Do(At(3), Dismissed{3, Reason::kDeclined}), ElementsAre("+ended 3 declined"));
  EXPECT_THAT(Wake(), ElementsAre("standing pending approval", "hello 0"));
  // A coordinator that asks all the same is answered without any work.
  EXPECT_THAT(
      Do(now_, TaskReceived{SomeTask(4)}),
      ElementsAre("+taken 4", "+ready 4", "standing pending approval", "report 4 declined"));
  Do(now_, Dismissed{4, Reason::kDeclined});
  EXPECT_THAT(Recover(), ElementsAre("connect"));
  EXPECT_EQ(session_->standing(), Standing::kPending) << "pending is durable";
  Do(now_, Connected{});
  EXPECT_THAT(Do(now_, Approved{}), ElementsAre("+consent granted", "standing open", "hello 0"));
  EXPECT_THAT(Do(now_, TaskReceived{SomeTask(5)}), ElementsAre("+taken 5", "start 5"));
  EXPECT_THAT(Do(now_, Approved{}), IsEmpty());
}

TEST_F(SessionTest, ApprovalIsAskedAnewWhenTheWorkSaysSo) {
  BeWorking();
  Do(At(2), WorkDeclined{3, Standing::kPending});
  Do(At(2), Dismissed{3, Reason::kDeclined});
  Do(At(3), Approved{});
  Do(At(4), TaskReceived{SomeTask(4)});
  EXPECT_THAT(Do(At(5), WorkDeclined{4, Standing::kPending}),
              ElementsAre("+consent pending", "+ready 4", "standing pending approval",
                          "report 4 declined"));
}

TEST_F(SessionTest, AWithdrawalStopsTheWorkAndIsForGood) {
  BeWorking();
  EXPECT_THAT(Do(At(2), Left{Consent::kWithdrawn}),
              ElementsAre("+consent withdrawn", "+ready 3", "standing withdrawn", "stop 3",
                          "report 3 declined"));
  EXPECT_THAT(Do(At(3), WorkFinished{3, Sha256("u"), 7, {}}), IsEmpty());
  Do(At(4), Dismissed{3, Reason::kDeclined});
  EXPECT_THAT(Do(At(5), Approved{}), IsEmpty());
  EXPECT_THAT(Do(At(5), Left{Consent::kDeclined}), IsEmpty());
  Recover();
  Do(At(6), Connected{});
  EXPECT_THAT(Do(At(7), TaskReceived{SomeTask(9)}),
              ElementsAre("+taken 9", "+ready 9", "standing withdrawn", "report 9 declined"));
}

TEST_F(SessionTest, AnUpdateThatWasNotCountedIsTakenBack) {
  BeWorking();
  Do(At(2), WorkFinished{3, Sha256("u"), 7, {}});  // the upload is under way
  EXPECT_THAT(Do(At(3), Left{Consent::kWithdrawn}),
              ElementsAre("+consent withdrawn", "+ready 3", "standing withdrawn", "stop 3",
                          "report 3 declined"));
  EXPECT_THAT(Recover(), ElementsAre("connect"));
  EXPECT_THAT(Do(At(4), Connected{}),
              ElementsAre("standing withdrawn", "hello 3", "report 3 declined"));
  // Its offer had been counted all the same: that is what the journal says.
  EXPECT_THAT(Do(At(5), Acknowledged{3}), ElementsAre("+ended 3 accepted"));
}

TEST_F(SessionTest, WhatWasDeclinedByAPersonMayBeApprovedLater) {
  BeWorking();
  Do(At(2), Left{Consent::kDeclined});
  Do(At(2), Dismissed{3, Reason::kDeclined});
  EXPECT_EQ(session_->standing(), Standing::kDeclined);
  EXPECT_THAT(Do(At(3), Approved{}), ElementsAre("+consent granted", "standing open", "hello 0"));
}

TEST_F(SessionTest, IsAwayUntilItsHoursBegin) {
  BeWorking();
  EXPECT_THAT(Do(At(2), WorkDeclined{3, Standing::kClosed, std::chrono::seconds(30)}),
              ElementsAre("+ready 3", "standing outside the site's hours", "report 3 declined"));
  Do(At(3), Dismissed{3, Reason::kDeclined});
  EXPECT_THAT(Wake(), ElementsAre("standing outside the site's hours", "hello 0"));
  EXPECT_EQ(session_->NextDeadline(), At(32));
  EXPECT_THAT(Wake(), ElementsAre("standing open", "hello 0"));
  EXPECT_EQ(session_->standing(), Standing::kOpen);
  EXPECT_THAT(Do(At(33), TaskReceived{SomeTask(4)}), ElementsAre("+taken 4", "start 4"));
}

TEST_F(SessionTest, ATaskThatThePolicyForbidsLeavesTheOthers) {
  BeWorking();
  EXPECT_THAT(Do(At(2), WorkDeclined{3, Standing::kOpen}),
              ElementsAre("+ready 3", "report 3 declined"));
  Do(At(3), Dismissed{3, Reason::kDeclined});
  EXPECT_THAT(Do(At(4), TaskReceived{SomeTask(4)}), ElementsAre("+taken 4", "start 4"));
  EXPECT_THAT(Do(At(5), WorkDeclined{4, Standing::kOutsidePolicy}),
              ElementsAre("+ready 4", "standing outside the site's policy", "report 4 declined"));
}

TEST(Consent, IsReadBackFromTheJournal) {
  for (const Consent consent :
       {Consent::kPending, Consent::kGranted, Consent::kDeclined, Consent::kWithdrawn}) {
    const Record record = ConsentChanged{consent};
    EXPECT_EQ(RecordFromText(ToText(record)).value(), record);
  }
  EXPECT_FALSE(RecordFromText("consent_changed consent=maybe").has_value());
}

}  // namespace
}  // namespace tributary::client
