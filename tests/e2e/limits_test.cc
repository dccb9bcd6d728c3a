// T-LIM of privacy-security.md 4.6: each limit that the coordinator has, made small, and somebody
// who goes beyond it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "aggregation/tensor/safetensors.h"
#include "proto/rpc/bytes.h"
#include "tests/e2e/hand_client.h"
#include "tests/e2e/raw_peer.h"
#include "tests/e2e/scrape.h"
#include "tests/support/matchers.h"

namespace tributary {
namespace {

using testing::HasSubstr;

const Settings kRun = {
    "adapter.method=fedit",  "adapter.rank=32",      "adapter.targets=[\"all-linear\"]",
    "federation.cohort=2",   "federation.minimum=2", "federation.rounds=1",
    "evaluation.on=clients", "evaluation.every=100"};

class Limit : public testing::Test {
 protected:
  void Start(const std::string& limits, int hands = 2) {
    live_ = std::make_unique<LiveFederation>(
        3, "[http]\nlisten = \"127.0.0.1:0\"\n[limits]\n" + limits);
    live_->StartCoordinator();
    port_ = HttpPort(*live_);
    for (int i = 0; i < hands; ++i) {
      hands_.push_back(std::make_unique<HandClient>(*live_, i));
      ASSERT_THAT(hands_.back()->Connect(), IsOk());
    }
  }
  void Submit() {
    run_ = live_->Submit(kRun);
    for (auto& hand : hands_) ASSERT_THAT(hand->Evaluate(), IsOk());
    for (auto& hand : hands_) tasks_.push_back(*hand->HearThe<proto::Assignment>());
    bytes_ = hands_[0]->UpdateBytes(tasks_[0]);
    before_ = Received();
  }
  double Received() { return ValueOf(Metrics(port_), "tributary_upload_bytes_total"); }
  HandClient& hand(size_t i) { return *hands_[i]; }
  double Refused(const std::string& reason) {
    return ValueOf(Metrics(port_), "tributary_refused_total{reason=\"" + reason + "\"}");
  }
  proto::UploadBegin Begin(size_t i) { return HandClient::Begin(tasks_[i], bytes_); }
  // A stream on which an upload has begun.
  std::unique_ptr<rpc::Stream> Open(size_t i, const proto::UploadBegin& begin) {
    auto stream = hand(i).channel().Open("Transfer/Upload");
    stream->Write(proto::UploadMessage{begin});
    EXPECT_TRUE(*stream->Read<proto::UploadState>());
    return stream;
  }
  static proto::UploadMessage ChunkAt(size_t at, const std::string& bytes) {
    return {proto::Chunk{static_cast<int64_t>(at), {bytes}}};
  }

  std::unique_ptr<LiveFederation> live_;
  int port_ = 0;
  double before_ = 0;  // bytes of evaluations
  std::string run_, bytes_;
  std::vector<std::unique_ptr<HandClient>> hands_;
  std::vector<proto::Assignment> tasks_;
};

TEST_F(Limit, OfAMessage) {
  Start("message = \"2MiB\"\n", 1);
  const auto stream = hand(0).channel().Open("Transfer/Upload");
  stream->Write(ChunkAt(0, std::string(size_t{3} << 20, 'x')));
  EXPECT_THAT(stream->Finish(), Fails(Code::kResourceExhausted, "larger than max"));
}

TEST_F(Limit, OfAnUploadsSizeIsKnownBeforeItsFirstByte) {
  Start("");
  Submit();
  for (const int64_t size : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX,
                             static_cast<int64_t>(bytes_.size()) + 64 * 1024}) {
    auto begin = Begin(0);
    begin.size = size;
    EXPECT_THAT(hand(0).Upload(begin, bytes_), Fails(Code::kInvalidArgument, "at most"));
  }
  EXPECT_EQ(Refused("malformed"), 5);
  EXPECT_EQ(Received(), before_);
}

TEST_F(Limit, OfUploadsAtOnce) {
  Start("uploads = 1\n");
  Submit();
  auto first = Open(0, Begin(0));
  EXPECT_THAT(hand(1).Upload(Begin(1), bytes_), Fails(Code::kResourceExhausted, "try again"));
  auto other = Begin(0);
  other.digest = Sha256("something else");
  EXPECT_THAT(hand(0).Upload(other, bytes_),
              Fails(Code::kResourceExhausted, "site-0 has 1 uploads under way"));
  EXPECT_EQ(Refused("uploads"), 2);
  // Its own once more is what a client sends that has lost its connection.
  EXPECT_THAT(hand(0).Upload(Begin(0), bytes_), Fails(Code::kAborted, "on another stream"));
  EXPECT_THAT(first->Finish(), Fails(Code::kAborted, "has begun on another stream"));
  Result<proto::UploadState> again = hand(0).Upload(Begin(0), bytes_);
  while (!again && again.error().code == Code::kAborted) again = hand(0).Upload(Begin(0), bytes_);
  EXPECT_THAT(again, IsOk());
  while (!(again = hand(1).Upload(Begin(1), bytes_)) &&
         again.error().code == Code::kResourceExhausted) {
  }
  EXPECT_THAT(again, IsOk());
}

TEST_F(Limit, OfTheDiskForUploads) {
  Start("upload_quota = \"64KiB\"\n");
  Submit();
  ASSERT_GT(bytes_.size(), size_t{64} << 10) << "the update is larger than the quota";
  EXPECT_THAT(hand(0).Upload(Begin(0), bytes_), Fails(Code::kResourceExhausted, "the quota"));
  EXPECT_EQ(Refused("quota"), 1);
  EXPECT_TRUE(live_->coordinator().WaitForError("refused reason=quota")) << live_->Said();
}

TEST_F(Limit, OfTheGapBetweenChunks) {
  Start("upload_gap = \"1s\"\n");
  Submit();
  const auto stream = Open(0, Begin(0));
  stream->Write(ChunkAt(0, bytes_.substr(0, 1000)));
  EXPECT_THAT(stream->Finish(), Fails(Code::kCancelled, "nothing came for"));
  EXPECT_EQ(Refused("slow"), 1);
  // Nothing is lost, and those who say nothing at all are not heard either.
  auto resumed = hand(0).channel().Open("Transfer/Upload");
  resumed->Write(proto::UploadMessage{Begin(0)});
  EXPECT_EQ((*resumed->Read<proto::UploadState>())->offset, 1000);
  const auto silent = hand(1).channel().Open("Transfer/Upload");
  EXPECT_THAT(silent->Finish(), Fails(Code::kCancelled, "nothing came for"));
  const auto mute = hand(1).channel().Open("Session/Connect");
  EXPECT_THAT(mute->Finish(), Fails(Code::kCancelled, "nothing came for"));
}

TEST_F(Limit, OfTheRateOfAnUpload) {
  Start("upload_window = \"2s\"\nupload_rate = \"16KiB\"\n");
  Submit();
  const auto stream = Open(0, Begin(0));
  size_t at = 0;
  while (at + 100 < bytes_.size() && stream->Write(ChunkAt(at, bytes_.substr(at, 100)))) {
    at += 100;
    usleep(100'000);
  }
  EXPECT_THAT(stream->Finish(), Fails(Code::kCancelled, "expected 16384 a second"));
  EXPECT_EQ(Refused("slow"), 1);
  EXPECT_TRUE(hand(0).Upload(Begin(0), bytes_)->committed);
  EXPECT_EQ(Received() - before_, static_cast<double>(bytes_.size()));
}

TEST_F(Limit, OfCallsOfOneCaller) {
  Start("calls_per_second = 1\ncalls_at_once = 20\n", 1);
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    const auto answer = hand(0).channel().Call<proto::CheckpointManifest>("Transfer/Manifest",
                                                                          proto::ManifestRequest{});
    ASSERT_FALSE(answer);
    if (answer.error().code != Code::kResourceExhausted) continue;
    ++refused;
    EXPECT_THAT(answer.error().message, HasSubstr("client site-0 calls too often"));
  }
  EXPECT_GT(refused, 20);
  EXPECT_EQ(Refused("rate"), refused);
  // Others do not feel it, and the log has a few lines of it.
  EXPECT_EQ(live_->Ask({"runs"}).code, 0);
  EXPECT_TRUE(live_->coordinator().WaitForError("refused reason=rate"));
  const std::string said = live_->coordinator().error();
  size_t lines = 0;
  for (size_t at = 0; (at = said.find("refused reason=rate", at)) != std::string::npos; ++at)
    ++lines;
  EXPECT_GE(lines, 1u);
  EXPECT_LE(lines, 5u);
}

TEST_F(Limit, OfMessagesOnAControlStream) {
  Start("calls_per_second = 100\ncalls_at_once = 20\n", 1);
  for (int i = 1; i <= 200; ++i) ASSERT_TRUE(hand(0).Say(proto::Heartbeat{i}));
  for (int i = 1; i <= 200; ++i) EXPECT_EQ(hand(0).HearThe<proto::HeartbeatReply>()->sent, i);
  EXPECT_GT(Refused("rate"), 50);
}

TEST_F(Limit, OfStrangers) {
  Start("strangers_per_address = 2\nhandshake = \"1s\"\n", 1);
  std::vector<RawPeer> peers;
  for (int i = 0; i < 40; ++i) peers.emplace_back(live_->port());
  for (const RawPeer& peer : peers) EXPECT_TRUE(peer.IsClosed());
  EXPECT_GT(WaitForValue(port_, "tributary_refused_total{reason=\"connections\"}", 20), 19);
  EXPECT_GT(WaitForValue(port_, "tributary_refused_total{reason=\"handshake\"}", 2), 1);
  EXPECT_TRUE(hand(0).Say(proto::Heartbeat{1}));  // who is known is not in their way
  EXPECT_EQ(hand(0).HearThe<proto::HeartbeatReply>()->sent, 1);
  EXPECT_EQ(live_->Ask({"runs"}).code, 0);
}

TEST_F(Limit, OfStrangersAtTheEnrolmentPort) {
  Start("strangers = 3\nstrangers_per_address = 3\nhandshake = \"1s\"\n", 0);
  std::vector<RawPeer> peers;
  for (int i = 0; i < 12; ++i) peers.emplace_back(live_->enrolment_port());
  for (const RawPeer& peer : peers) EXPECT_TRUE(peer.IsClosed());
  EXPECT_GT(WaitForValue(port_, "tributary_refused_total{reason=\"connections\"}", 6), 5);
  live_->Join(0);  // there is room again
}

TEST_F(Limit, OfHeadersAndOfCompression) {
  Start("", 1);
  const auto credentials =
      rpc::ChannelTls(hand(0).identity(), rpc::IsCoordinator(hand(0).identity(), "default"));
  const auto ask = [&](size_t header, grpc_compression_algorithm compression) {
    grpc::GenericStub stub(grpc::CreateChannel(live_->address(), credentials));
    grpc::ClientContext context;
    if (header > 0) context.AddMetadata("tributary-name", std::string(header, 'x'));
    context.set_compression_algorithm(compression);
    const auto request =
        rpc::ToBuffer(proto::Encode(proto::ManifestRequest{RunId{std::string(900, 'x')}, {}}));
    grpc::ByteBuffer response;
    grpc::CompletionQueue queue;
    const auto call =
        stub.PrepareUnaryCall(&context, "/tributary.v1.Transfer/Manifest", request, &queue);
    grpc::Status status;
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status.error_code();
  };
  EXPECT_EQ(ask(0, GRPC_COMPRESS_NONE), grpc::NOT_FOUND);
  EXPECT_EQ(ask(8000, GRPC_COMPRESS_NONE), grpc::NOT_FOUND);
  EXPECT_EQ(ask(40'000, GRPC_COMPRESS_NONE), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ask(0, GRPC_COMPRESS_GZIP), grpc::UNIMPLEMENTED);
  EXPECT_EQ(ask(0, GRPC_COMPRESS_DEFLATE), grpc::UNIMPLEMENTED);
}

TEST_F(Limit, OfPingsAndFrames) {
  if (!HasOpensslProgram()) GTEST_SKIP() << "no openssl program to speak TLS with";
  Start("", 1);
  std::string pings = Http2Preface();
  for (int i = 0; i < 50; ++i) pings += Http2Frame(6, 0, 0, "12345678");
  EXPECT_THAT(SayInTls(live_->port(), hand(0).identity(), pings), HasSubstr("too_many_pings"));
}

TEST_F(Limit, OfRejectedUpdates) {
  Start("rejections = 2\n");
  Submit();
  // One after its upload, one with its bytes.
  auto lie = Begin(0);
  lie.digest = Sha256("something else");
  EXPECT_THAT(hand(0).Upload(lie, bytes_), Fails(Code::kAborted, "the bytes have SHA-256"));
  std::string bad = bytes_;
  bad.resize(bad.size() / 2);
  ASSERT_THAT(hand(0).Upload(HandClient::Begin(tasks_[0], bad), bad), IsOk());
  EXPECT_EQ(*hand(0).Offer(tasks_[0], bad), Reason::kBadUpdate);
  const auto refused = [&] { return hand(0).Upload(Begin(0), bytes_).error(); };
  EXPECT_EQ(refused().code, Code::kPermissionDenied);
  EXPECT_THAT(refused().message, HasSubstr("2 updates of site-0 were rejected"));
  EXPECT_EQ(Refused("quarantine"), 2);
  EXPECT_EQ(ValueOf(Metrics(port_), "tributary_clients{state=\"quarantined\"}"), 1);
  EXPECT_TRUE(live_->coordinator().WaitForError("client_quarantined client=site-0"))
      << live_->Said();
  const auto clients = [&] {
    return nlohmann::json::parse(live_->Ask({"clients", run_, "--format", "json"}).out)["clients"];
  };
  EXPECT_EQ(clients()[0]["quarantined"], true);
  EXPECT_THAT(live_->Ask({"clients", run_}).out, HasSubstr("quarantined"));
  EXPECT_THAT(live_->Ask({"status", run_}).out,
              HasSubstr("in quarantine: site-0 (`tributary clients release site-0`)"));
  EXPECT_EQ(live_->Ask({"clients", "release", "site-1"}).code, 2);  // is in none
  EXPECT_NE(live_->Ask({"clients", "release", "site-7"}).code, 0);

  live_->coordinator().Signal(SIGKILL);
  live_->coordinator().Wait();
  live_->StartCoordinator();
  port_ = HttpPort(*live_);
  EXPECT_EQ(clients()[0]["quarantined"], true);  // it is kept
  EXPECT_EQ(live_->Ask({"clients", "release", "site-0"}).code, 0);
  EXPECT_EQ(clients()[0]["quarantined"], false);
  EXPECT_TRUE(live_->coordinator().WaitForError("client_released client=site-0")) << live_->Said();
  HandClient back(*live_, 0), other(*live_, 1);
  ASSERT_THAT(back.Connect(), IsOk());
  ASSERT_THAT(other.Connect(), IsOk());
  // The round is tried again once the other one, too, has said all that it has to say.
  other.Say(proto::Failure{tasks_[1].run, tasks_[1].task.sequence, Reason::kFailed, "by hand"});
  const auto task = back.HearThe<proto::Assignment>();
  ASSERT_THAT(task, IsOk());
  ASSERT_THAT(back.Upload(HandClient::Begin(*task, bytes_), bytes_), IsOk());
  EXPECT_EQ(*back.Offer(*task, bytes_), Reason::kAccepted);
}

TEST_F(Limit, OfOneTaskAndOneSessionForAnIdentity) {
  Start("");
  HandClient thief(*live_, 0);
  ASSERT_THAT(thief.Connect(), IsOk());
  EXPECT_THAT(hand(0).Hear(), Fails(Code::kAborted, "from another place"));
  // From the same address that is a restart as a rule, and nobody is told.
  EXPECT_EQ(ValueOf(Metrics(port_), "tributary_connections_total{outcome=\"elsewhere\"}"), 0);
  EXPECT_EQ(ValueOf(Metrics(port_), "tributary_connections_total{outcome=\"accepted\"}"), 3);
}

TEST_F(Limit, OfSessionsThatHaveGoneBeforeTheyAreGreeted) {
  Start("calls_per_second = 1000\ncalls_at_once = 1000\n", 0);
  HandClient hasty(*live_, 0);
  const std::string run = live_->Submit(kRun);
  const auto admin =
      rpc::Channel::Open({live_->address(), live_->world().path() / "state/default/admin"});
  ASSERT_THAT(admin, IsOk());
  // The coordinator's thread is busy, so a client that does not wait has gone when its turn comes.
  std::vector<std::jthread> busy;
  for (int i = 0; i < 16; ++i)
    busy.emplace_back([&](const std::stop_token& stop) {
      for (bool pause = true; !stop.stop_requested(); pause = !pause)
        (void)(*admin)->Call<proto::Document>(
            "Admin/Control", proto::ControlRequest{RunId{run}, pause ? "pause" : "resume"});
    });
  const std::string away = "tributary_clients{state=\"disconnected\"}";
  for (int i = 0; i < 60; ++i) {
    {
      const auto stream = hasty.channel().Open("Session/Connect");
      stream->Write(proto::ClientMessage{proto::Hello{}});
      usleep(static_cast<useconds_t>(i * 20));
    }  // cancelled
    usleep(20'000);
    ASSERT_EQ(WaitForValue(port_, away, 1), 1) << "it is taken to be there, after " << i;
  }
  busy.clear();
  live_->coordinator().Signal(SIGTERM);
  const Outcome ended = live_->coordinator().Wait();
  EXPECT_EQ(ended.code, 0) << ended.All();
}

}  // namespace
}  // namespace tributary
