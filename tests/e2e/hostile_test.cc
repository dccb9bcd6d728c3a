// One of three sites is hostile. Whatever it sends, each thing is answered as privacy-security.md 5
// says and counted, and the others' adapter has the bytes that it has without it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "aggregation/tensor/safetensors.h"
#include "tests/e2e/hand_client.h"
#include "tests/e2e/raw_peer.h"
#include "tests/e2e/scrape.h"
#include "tests/support/matchers.h"

namespace tributary {
namespace {

using testing::HasSubstr;

constexpr int kRounds = 13;  // one for each bad update, and one of peace
const Settings kRun = {"adapter.method=fedit",  "federation.cohort=\"all\"",
                       "federation.minimum=2",  fmt::format("federation.rounds={}", kRounds),
                       "evaluation.on=clients", "evaluation.holdout=0.3",
                       "evaluation.every=100",  "federation.deadline=10s"};
constexpr const char* kCalm =
    "[http]\nlisten = \"127.0.0.1:0\"\n[limits]\nrejections = 1000\nhandshake = \"2s\"\n";

std::string AdapterWithoutHim() {
  LiveFederation live(2, kCalm);
  live.StartAll();
  WaitForValue(HttpPort(live), "tributary_connections_total{outcome=\"accepted\"}", 2);
  const std::string run = live.Submit(kRun);
  const Outcome wait = live.Ask({"wait", run});
  EXPECT_EQ(wait.code, 0) << wait.All() << live.Said();
  return live.Adapter(run);
}

// The updates that no round may take, by what is wrong with them.
std::string BadUpdate(int kind, HandClient& hand, const proto::Assignment& assignment) {
  TensorMap tensors = hand.Update(assignment);
  auto& [name, first] = *tensors.begin();
  const std::string good = SerializeSafetensors(tensors);
  switch (kind) {
    case 0:
      first.f32()[0] = std::numeric_limits<float>::quiet_NaN();
      break;
    case 1:
      first.f32().back() = -std::numeric_limits<float>::infinity();
      break;
    case 2:  // as many numbers, other dimensions
      first = Tensor(DType::kF32, {first.shape().rbegin(), first.shape().rend()});
      break;
    case 3:
      tensors.erase(name);
      break;
    case 4:
      tensors["unheard.of"] = Tensor(DType::kF32, {1});
      break;
    case 5:
      first = Tensor(DType::kF64, {first.shape().at(0), first.size() / first.shape().at(0) / 2});
      break;
    case 6:
      tensors = hand.Update(assignment, 1);
      break;
    case 7:
      return good.substr(0, good.size() - 1);
    case 8:
      return good + "behind the end";
    case 9:
      return std::string(good.size(), 'x');
    default: {  // a header that says more than there is
      std::string lie = good;
      lie[6] = 0x7f;
      return lie;
    }
  }
  return SerializeSafetensors(tensors);
}
constexpr int kBad = 11;

class Hostile : public testing::Test {
 protected:
  Hostile() : live_(3, kCalm) {
    live_.StartCoordinator();
    port_ = HttpPort(live_);
    live_.StartClient(0);
    live_.StartClient(1);
    hand_ = std::make_unique<HandClient>(live_, 2);
  }
  double Refused(const std::string& reason) {
    return ValueOf(Metrics(port_), "tributary_refused_total{reason=\"" + reason + "\"}");
  }
  // What is wrong before any byte counts.
  void LieAboutSizes(const proto::Assignment& assignment);
  void MixUpChunks(const proto::Assignment& assignment);
  void BreakTheProtocol();

  LiveFederation live_;
  int port_ = 0;
  std::unique_ptr<HandClient> hand_;
};

void Hostile::LieAboutSizes(const proto::Assignment& assignment) {
  const std::string bytes = hand_->UpdateBytes(assignment);
  for (const int64_t size : {int64_t{0}, INT64_MIN, INT64_MAX, int64_t{1} << 40}) {
    auto begin = HandClient::Begin(assignment, bytes);
    begin.size = size;
    EXPECT_THAT(hand_->Upload(begin, bytes), Fails(Code::kInvalidArgument, "at most")) << size;
  }
  auto begin = HandClient::Begin(assignment, bytes);
  begin.schema = 99;
  EXPECT_THAT(hand_->Upload(begin, bytes), Fails(Code::kInvalidArgument, "schema 99"));
  begin = HandClient::Begin(assignment, bytes);
  begin.size -= 10;  // and sends more
  EXPECT_THAT(hand_->Upload(begin, bytes), Fails(Code::kInvalidArgument, "was declared with"));
  begin.size += 20;  // and sends less
  const auto stream = hand_->channel().Open("Transfer/Upload");
  stream->Write(proto::UploadMessage{begin});
  ASSERT_TRUE(*stream->Read<proto::UploadState>());
  stream->Write(proto::UploadMessage{proto::Chunk{0, {bytes}}});
  stream->WritesDone();
  EXPECT_THAT(stream->Finish(), Fails(Code::kCancelled, "broken off"));
}

void Hostile::MixUpChunks(const proto::Assignment& assignment) {
  std::string bytes = hand_->UpdateBytes(assignment);
  bytes.back() = 1;  // of which nothing is there yet
  const auto begin = HandClient::Begin(assignment, bytes);
  const auto send = [&](const std::vector<proto::UploadMessage>& messages) {
    const auto stream = hand_->channel().Open("Transfer/Upload");
    for (const auto& message : messages)
      if (!stream->Write(message)) break;
    while (*stream->Read<proto::UploadState>()) {
    }
    return stream->Finish();
  };
  const auto chunk = [&](int64_t at, const std::string& data) {
    return proto::UploadMessage{proto::Chunk{at, {data}}};
  };
  const proto::UploadMessage first{begin};
  EXPECT_THAT(send({chunk(0, "x")}), Fails(Code::kInvalidArgument, "UploadBegin comes first"));
  EXPECT_THAT(send({first, first}), Fails(Code::kInvalidArgument, "a second UploadBegin"));
  EXPECT_THAT(send({first, chunk(7, "gap")}), Fails(Code::kAborted, "expected at 0"));
  EXPECT_THAT(send({first, chunk(0, "ab"), chunk(1, "b")}), Fails(Code::kAborted, "expected at 2"));
  EXPECT_THAT(send({first, chunk(-1, "ab")}), Fails(Code::kAborted, "a chunk at -1"));
  EXPECT_THAT(send({first, chunk(2, "")}), Fails(Code::kInvalidArgument, "an empty chunk"));
  auto digest = begin;
  digest.digest = Sha256("something else");
  EXPECT_THAT(hand_->Upload(digest, bytes), Fails(Code::kAborted, "the bytes have SHA-256"));
}

// On streams of their own: the session is needed.
void Hostile::BreakTheProtocol() {
  const auto say = [&](const proto::ClientMessage& first, const proto::ClientMessage& second) {
    const auto stream = hand_->channel().Open("Session/Connect");
    stream->Write(first);
    stream->Write(second);
    while (*stream->Read<proto::CoordinatorMessage>()) {
    }
    return stream->Finish();
  };
  const proto::ClientMessage hello{proto::Hello{}};
  EXPECT_THAT(say({proto::Heartbeat{}}, hello),
              Fails(Code::kFailedPrecondition, "Hello comes first"));
  EXPECT_THAT(say(hello, hello), Fails(Code::kFailedPrecondition, "a second Hello"));
  for (const int64_t major : {0, 99}) {
    proto::Hello other;
    other.major = major;
    EXPECT_THAT(say({other}, hello), Fails(Code::kFailedPrecondition, "is not spoken here"));
  }
  proto::Hello endless;
  endless.program = std::string(size_t{1} << 20, 'x');
  EXPECT_THAT(say({endless}, hello), Fails(Code::kInvalidArgument, "program"));
  proto::Hello escape;
  escape.device = "\x1b[2J\n";
  EXPECT_THAT(say({escape}, hello), Fails(Code::kInvalidArgument, "device"));
  const auto stream = hand_->channel().Open("Session/Connect");
  stream->Write(proto::Chunk{7, {"another kind of message"}});
  EXPECT_THAT(stream->Finish(), Fails(Code::kInvalidArgument, ""));
  EXPECT_THAT(
      hand_->channel().Call<proto::Document>("Admin/Control", proto::ControlRequest{{"x"}, "stop"}),
      Fails(Code::kPermissionDenied, "site-2 may not call Admin/Control as client"));
}

// Bytes that are no HTTP/2, or bad HTTP/2, with TLS and without.
void TalkNonsense(const LiveFederation& live, const std::filesystem::path& identity) {
  std::string noise(1 << 16, '\0');
  for (size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 31 >> 3);
  std::vector<std::jthread> talkers;  // each is heard until the other end has had enough of it
  for (const int port : {live.port(), live.enrolment_port()})
    for (const std::string& bytes : {noise, Http2Preface(), std::string("GET / HTTP/1.1\r\n\r\n"),
                                     std::string("\x16\x03\x01")})
      talkers.emplace_back([port, bytes] {
        const RawPeer peer(port);
        peer.Send(bytes);
        EXPECT_TRUE(peer.IsClosed());
      });
  if (!HasOpensslProgram()) return;
  std::string resets = Http2Preface(), endless = Http2Preface();
  for (uint32_t i = 0; i < 2000; ++i)
    resets += Http2Frame(1, 5, 2 * i + 1, "\x82\x86\x84") +
              Http2Frame(3, 0, 2 * i + 1, std::string("\0\0\0\x8", 4));
  endless += Http2Frame(1, 0, 1, "\x82\x86\x84");
  for (int i = 0; i < 2000; ++i) endless += Http2Frame(9, 0, 1, std::string(1000, '\x82'));
  std::string settings = Http2Preface();
  for (int i = 0; i < 5000; ++i) settings += Http2Frame(4, 0, 0, std::string("\0\x3\0\0\0\x1", 6));
  for (const std::string& bytes :
       {Http2Preface() + noise, resets, endless, settings, noise,
        Http2Preface() + Http2Frame(0, 0, 1, "data of no stream") + std::string(9, '\xff')})
    talkers.emplace_back([&, bytes] { SayInTls(live.port(), identity, bytes); });
}

TEST_F(Hostile, TheOthersCommitWhatTheyWouldWithoutHim) {
  WaitForValue(port_, "tributary_connections_total{outcome=\"accepted\"}", 2);
  BreakTheProtocol();
  ASSERT_THAT(hand_->Connect(), IsOk());
  const std::string run = live_.Submit(kRun);
  std::thread noise([this] { TalkNonsense(live_, hand_->identity()); });
  int rejected = 0;
  bool has_lied = false;
  while (rejected < kBad) {
    const auto assignment = hand_->HearThe<proto::Assignment>();
    ASSERT_THAT(assignment, IsOk()) << live_.Said();
    if (assignment->task.kind != TaskKind::kTrain) {
      // Counts of which the sum would be none.
      TensorMap counts = hand_->Update(*assignment);
      counts.at("evaluation.confusion").i64()[0] = INT64_MAX;
      const std::string bytes = SerializeSafetensors(counts);
      EXPECT_THAT(hand_->Upload(HandClient::Begin(*assignment, bytes), bytes), IsOk());
      EXPECT_EQ(*hand_->Offer(*assignment, bytes), Reason::kBadUpdate);
      continue;
    }
    if (!std::exchange(has_lied, true)) {
      LieAboutSizes(*assignment);
      MixUpChunks(*assignment);
    }
    const std::string bytes = BadUpdate(rejected, *hand_, *assignment);
    EXPECT_THAT(hand_->Upload(HandClient::Begin(*assignment, bytes), bytes), IsOk()) << rejected;
    EXPECT_EQ(*hand_->Offer(*assignment, bytes), Reason::kBadUpdate) << rejected;
    ++rejected;
  }
  // Then a good one with a weight that is none.
  const auto assignment = hand_->HearThe<proto::Assignment>();
  ASSERT_THAT(assignment, IsOk());
  const std::string good = hand_->UpdateBytes(*assignment);
  ASSERT_THAT(hand_->Upload(HandClient::Begin(*assignment, good), good), IsOk());
  EXPECT_EQ(*hand_->Offer(*assignment, good, -5), Reason::kBadUpdate);
  for (int i = 0; i < 300; ++i) hand_->Say(proto::Progress{{run}, i, "training", 0.5});
  noise.join();

  // In the last round it does not answer at all any more.
  hand_.reset();
  const Outcome wait = live_.Ask({"wait", run});
  EXPECT_EQ(wait.code, 0) << wait.All() << live_.Said();
  const std::string metrics = Metrics(port_);
  EXPECT_EQ(ValueOf(metrics, "tributary_rounds_total{outcome=\"committed\"}"), kRounds);
  EXPECT_EQ(ValueOf(metrics, "tributary_updates_accepted_total{task=\"train\"}"), 2 * kRounds);
  EXPECT_GE(ValueOf(metrics, "tributary_updates_rejected_total{reason=\"bad_update\"}"), kBad + 2);
  EXPECT_GE(Refused("malformed"), 12);
  EXPECT_EQ(Refused("conflict"), 1);
  EXPECT_EQ(Refused("role"), 1);
  EXPECT_GE(Refused("rate"), 1);
  EXPECT_GE(Refused("handshake"), 4);
  EXPECT_EQ(live_.coordinator().error().find('\x1b'), std::string::npos);
  const std::string adapter = live_.Adapter(run);
  EXPECT_TRUE(adapter == AdapterWithoutHim());
}

}  // namespace
}  // namespace tributary
