// T-REPLAY of privacy-security.md 4.5 and P05 to P10 of its catalogue: what was sent is sent again,
// late, early, or by somebody else. The coordinator is the real one; its clients are hands.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aggregation/tensor/safetensors.h"
#include "tests/e2e/hand_client.h"
#include "tests/e2e/scrape.h"
#include "tests/support/matchers.h"

namespace tributary {
namespace {

using testing::HasSubstr;

const Settings kRun = {"adapter.method=fedit", "federation.cohort=2",   "federation.minimum=2",
                       "federation.rounds=2",  "evaluation.on=clients", "evaluation.every=100"};

class Replay : public testing::Test {
 protected:
  Replay() : live_(3, "[http]\nlisten = \"127.0.0.1:0\"\n") {
    live_.StartCoordinator();
    port_ = HttpPort(live_);
    for (int i = 0; i < 2; ++i) {
      hands_.push_back(std::make_unique<HandClient>(live_, i));
      EXPECT_THAT(hands_.back()->Connect(), IsOk());
    }
    run_ = live_.Submit(kRun);
    for (auto& hand : hands_) EXPECT_THAT(hand->Evaluate(), IsOk());
    for (auto& hand : hands_) tasks_.push_back(*hand->HearThe<proto::Assignment>());
    bytes_ = hands_[0]->UpdateBytes(tasks_[0]);
  }
  HandClient& hand(size_t i) { return *hands_[i]; }
  double Metric(const std::string& series) { return ValueOf(Metrics(port_), series); }
  void Deliver(size_t i) {
    ASSERT_THAT(hand(i).Upload(HandClient::Begin(tasks_[i], bytes_), bytes_), IsOk());
    EXPECT_EQ(*hand(i).Offer(tasks_[i], bytes_), Reason::kAccepted);
  }
  // Other bytes that are as good.
  std::string OtherBytes() {
    TensorMap other = hand(0).Update(tasks_[0]);
    for (auto& [name, tensor] : other)
      if (tensor.dtype() == DType::kF32) tensor.f32()[0] = 0.5f;
    return SerializeSafetensors(other);
  }

  LiveFederation live_;
  int port_ = 0;
  std::string run_, bytes_;
  std::vector<std::unique_ptr<HandClient>> hands_;
  std::vector<proto::Assignment> tasks_;
};

TEST_F(Replay, WhatARevokedSiteHasSentIsDroppedUnlessItCounts) {
  Deliver(1);
  const double counted = Metric("tributary_spooled_bytes");
  ASSERT_THAT(hand(0).Upload(HandClient::Begin(tasks_[0], bytes_), bytes_), IsOk());
  EXPECT_EQ(Metric("tributary_spooled_bytes"), 2 * counted);
  for (const char* site : {"site-0", "site-1"})
    ASSERT_EQ(live_.Ask({"certs", "revoke", "--site", site}).code, 0);
  EXPECT_TRUE(live_.coordinator().WaitForError("client_failed run=" + run_ +
                                               " client=site-0 reason=failed"))
      << live_.Said();
  EXPECT_EQ(Metric("tributary_client_failures_total{reason=\"failed\"}"), 1);
  EXPECT_EQ(Metric("tributary_updates_accepted_total{task=\"train\"}"), 1);
  EXPECT_LE(Metric("tributary_spooled_bytes"), counted);
  EXPECT_THAT(hand(0).Upload(HandClient::Begin(tasks_[0], bytes_), bytes_),
              Fails(Code::kUnauthenticated, "revoked"));
}

TEST_F(Replay, TheSameAgainIsAnsweredTheSameAndCountsOnce) {
  const auto begin = HandClient::Begin(tasks_[0], bytes_);
  const auto received = [&] { return Metric("tributary_upload_bytes_total"); };
  const double before = received();  // the evaluations
  const auto first = hand(0).Upload(begin, bytes_);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(*first, (proto::UploadState{begin.size, true}));
  EXPECT_EQ(received(), before + static_cast<double>(begin.size));
  EXPECT_EQ(*hand(0).Upload(begin, bytes_), *first);
  EXPECT_EQ(*hand(0).Offer(tasks_[0], bytes_), Reason::kAccepted);
  EXPECT_EQ(*hand(0).Offer(tasks_[0], bytes_), Reason::kAccepted);
  EXPECT_EQ(*hand(0).Upload(begin, bytes_), *first);  // also when it counts already
  EXPECT_EQ(received(), before + static_cast<double>(begin.size));
  EXPECT_EQ(Metric("tributary_updates_accepted_total{task=\"train\"}"), 1);
  Deliver(1);
  EXPECT_EQ(hand(0).HearThe<proto::Assignment>()->task.round, 2);
  EXPECT_EQ(Metric("tributary_rounds_total{outcome=\"committed\"}"), 1);
}

TEST_F(Replay, OtherBytesUnderATaskThatIsDoneAreAConflict) {
  Deliver(0);
  const std::string other = OtherBytes();
  EXPECT_THAT(hand(0).Upload(HandClient::Begin(tasks_[0], other), other),
              Fails(Code::kAlreadyExists, "has the update of site-0 already"));
  EXPECT_EQ(*hand(0).Offer(tasks_[0], other), Reason::kConflict);
  EXPECT_EQ(Metric("tributary_refused_total{reason=\"conflict\"}"), 1);
  EXPECT_TRUE(live_.coordinator().WaitForError("refused reason=conflict")) << live_.Said();
  Deliver(1);  // the first stays
  EXPECT_EQ(hand(0).HearThe<proto::Assignment>()->task.round, 2);
}

TEST_F(Replay, WhatWasNotOfferedYetMayBeReplaced) {
  const std::string other = OtherBytes();
  ASSERT_THAT(hand(0).Upload(HandClient::Begin(tasks_[0], other), other), IsOk());
  Deliver(0);
  // But not for ever: the disk is everybody's.
  auto begin = HandClient::Begin(tasks_[1], bytes_);
  Status refused;
  for (int i = 0; i < 10 && refused; ++i) {
    std::string more = bytes_;
    more.back() = static_cast<char>(i + 1);
    if (auto sent = hand(1).Upload(HandClient::Begin(tasks_[1], more), more); !sent)
      refused = tl::unexpected(sent.error());
  }
  EXPECT_THAT(refused, Fails(Code::kAlreadyExists, "4 other updates"));
}

TEST_F(Replay, WhatIsClosedOrNotOpenYetOrUnknownTakesNothing) {
  Deliver(0);
  Deliver(1);
  const proto::Assignment next = *hand(0).HearThe<proto::Assignment>();
  const auto try_it = [&](int64_t sequence, const std::string& run) {
    auto begin = HandClient::Begin(tasks_[0], bytes_);
    begin.sequence = sequence;
    begin.run.value = run;
    return hand(0).Upload(begin, bytes_);
  };
  EXPECT_THAT(try_it(tasks_[0].task.sequence, run_),
              Fails(Code::kFailedPrecondition, "is not open"));
  EXPECT_THAT(try_it(next.task.sequence + 7, run_),
              Fails(Code::kFailedPrecondition, "is not open"));
  EXPECT_THAT(try_it(next.task.sequence, "fedit-99"),
              Fails(Code::kFailedPrecondition, "is not known"));
  EXPECT_THAT(try_it(-1, run_), Fails(Code::kFailedPrecondition, "is not open"));
  EXPECT_EQ(*hand(0).Offer(tasks_[0], bytes_), Reason::kLate);
  proto::Assignment future = next;
  future.task.sequence += 7;
  EXPECT_EQ(*hand(0).Offer(future, bytes_), Reason::kNotSelected);
  EXPECT_EQ(Metric("tributary_refused_total{reason=\"not_asked\"}"), 4);
  EXPECT_EQ(try_it(next.task.sequence, run_)->committed, true);
}

TEST_F(Replay, WhoWasNotAskedGivesNothing) {
  HandClient third(live_, 2);
  ASSERT_THAT(third.Connect(), IsOk());
  EXPECT_THAT(third.Upload(HandClient::Begin(tasks_[0], bytes_), bytes_),
              Fails(Code::kPermissionDenied, "has not asked site-2"));
  EXPECT_EQ(*third.Offer(tasks_[0], bytes_), Reason::kNotSelected);
  const std::string closed = live_.Submit(kRun, "", {"--where", "group=large"});
  auto begin = HandClient::Begin(tasks_[0], bytes_);
  begin.run.value = closed;
  EXPECT_THAT(third.Upload(begin, bytes_),
              Fails(Code::kPermissionDenied, "site-2 does not take part in run " + closed));
}

TEST_F(Replay, NobodyOffersWhatSomebodyElseHasSent) {
  Deliver(0);
  EXPECT_EQ(*hand(1).Offer(tasks_[1], bytes_), Reason::kBadUpdate);
  EXPECT_EQ(Metric("tributary_updates_rejected_total{reason=\"bad_update\"}"), 1);
}

}  // namespace
}  // namespace tributary
