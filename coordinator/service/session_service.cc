#include "coordinator/service/session_service.h"

#include <deque>

#include <tributary/v1/session.grpc.pb.h>
#include "coordinator/service/caller.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {
namespace {

using rpc::ToBuffer;
using rpc::ToBytes;

using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

constexpr size_t kMostQueued = 64 * 1024;  // bytes that wait for a client to read them

// Lives until gRPC has done with it and no call of ours is on its way through the driver.
class Session : public Reactor, public Stream, public std::enable_shared_from_this<Session> {
 public:
  Session(daemon::Driver& driver, SessionHub& hub, ClientId client)
      : driver_(driver), hub_(hub), client_(std::move(client)) {}

  void Begin() {
    self_ = shared_from_this();
    StartRead(&in_);
  }
  void Refuse(const Error& why) {
    self_ = shared_from_this();
    Close(why);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Close({Code::kOk, ""});
    auto message = proto::Decode<proto::ClientMessage>(ToBytes(in_));
    if (!message) return Close(message.error());
    const bool is_hello = std::holds_alternative<proto::Hello>(message->body);
    if (is_hello == is_greeted_)
      return Close({Code::kFailedPrecondition, is_hello ? "a second Hello" : "Hello comes first"});
    is_greeted_ = true;
    const bool posted = driver_.Post([self = shared_from_this(), message = *std::move(message)](
                                         daemon::Federation& f) { self->Take(f, message); });
    if (!posted) Close({Code::kUnavailable, "the coordinator stops"});
  }

  void OnWriteDone(bool ok) override {
    const std::scoped_lock lock(mutex_);
    if (!ok || is_finished_) return;
    queued_ -= out_.front().Length();
    out_.pop_front();
    if (!out_.empty())
      StartWrite(&out_.front());
    else if (ending_)
      FinishLocked(*ending_);
  }

  void OnCancel() override { Close({Code::kCancelled, "the stream was cancelled"}); }

  void OnDone() override {
    const bool was_current = hub_.Remove(client_, this);
    if (was_current)
      driver_.Post([client = client_](daemon::Federation& f) { f.Disconnected(client); });
    const auto last = std::move(self_);  // may delete this at the end
  }

  void Send(const proto::CoordinatorMessage& message) override {
    grpc::ByteBuffer bytes = ToBuffer(proto::Encode(message));
    const std::scoped_lock lock(mutex_);
    if (is_finished_ || ending_) return;
    if (queued_ + bytes.Length() > kMostQueued)
      return FinishLocked({Code::kResourceExhausted, "the client does not read"});
    queued_ += bytes.Length();
    out_.push_back(std::move(bytes));
    if (out_.size() == 1) StartWrite(&out_.front());
  }

  // Says first what is queued.
  void Close(const Error& why) override {
    const std::scoped_lock lock(mutex_);
    if (out_.empty() || why.code == Code::kCancelled)
      FinishLocked(why);
    else if (!ending_)
      ending_ = why;
  }

 private:
  void Take(daemon::Federation& federation, const proto::ClientMessage& message) {
    if (const auto* hello = std::get_if<proto::Hello>(&message.body)) {
      auto welcome = federation.Connected(client_, *hello);
      if (!welcome) return Close(welcome.error());
      hub_.Add(client_, this);
      Send({*std::move(welcome)});
    } else {
      federation.OnMessage(client_, message.body);
    }
    const std::scoped_lock lock(mutex_);
    if (!is_finished_) StartRead(&in_);
  }

  void FinishLocked(const Error& why) {
    if (is_finished_) return;
    is_finished_ = true;
    Finish(ToGrpc(why));
  }

  daemon::Driver& driver_;
  SessionHub& hub_;
  const ClientId client_;
  std::shared_ptr<Session> self_;
  grpc::ByteBuffer in_;
  bool is_greeted_ = false;

  std::mutex mutex_;
  std::deque<grpc::ByteBuffer> out_;  // the first is being written
  size_t queued_ = 0;
  std::optional<Error> ending_;
  bool is_finished_ = false;
};

class Service : public v1::Session::WithRawCallbackMethod_Connect<v1::Session::Service> {
 public:
  Service(daemon::Driver& driver, SessionHub& hub, bool is_secure)
      : driver_(driver), hub_(hub), is_secure_(is_secure) {}

  Reactor* Connect(grpc::CallbackServerContext* context) override {
    Result<Caller> caller = CallerOf(*context, is_secure_);
    Status allowed =
        caller ? Authorise(*caller, "Session/Connect") : tl::unexpected(caller.error());
    auto session =
        std::make_shared<Session>(driver_, hub_, ClientId{caller ? caller->name : std::string()});
    if (allowed)
      session->Begin();
    else
      session->Refuse(allowed.error());
    return session.get();
  }

 private:
  daemon::Driver& driver_;
  SessionHub& hub_;
  const bool is_secure_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSessionService(daemon::Driver& driver, SessionHub& hub,
                                                  bool is_secure) {
  return std::make_unique<Service>(driver, hub, is_secure);
}

}  // namespace tributary::service
