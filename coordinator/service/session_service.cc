#include "coordinator/service/session_service.h"

#include <deque>

#include <tributary/v1/session.grpc.pb.h>
#include "coordinator/service/reactor.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {
namespace {

using rpc::ToBuffer;
using rpc::ToBytes;

using Base = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

constexpr size_t kMostQueued = 64 * 1024;  // bytes that wait for a client to read them

class Session : public Reactor<Session, Base>, public Stream {
 public:
  Session(daemon::Driver& driver, SessionHub& hub, ClientId client)
      : driver_(driver), hub_(hub), client_(std::move(client)) {}

  void Listen() { StartRead(&in_); }

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
    if (!ok || is_ended_) return;
    queued_ -= out_.front().Length();
    out_.pop_front();
    if (!out_.empty())
      StartWrite(&out_.front());
    else if (ending_)
      EndLocked(*ending_);
  }

  void OnDone() override {
    const bool was_current = hub_.Remove(client_, this);
    if (was_current)
      driver_.Post([client = client_](daemon::Federation& f) { f.Disconnected(client); });
    Reactor::OnDone();
  }

  void Send(const proto::CoordinatorMessage& message) override {
    grpc::ByteBuffer bytes = ToBuffer(proto::Encode(message));
    const std::scoped_lock lock(mutex_);
    if (is_ended_ || ending_) return;
    if (queued_ + bytes.Length() > kMostQueued)
      return EndLocked({Code::kResourceExhausted, "the client does not read"});
    queued_ += bytes.Length();
    out_.push_back(std::move(bytes));
    if (out_.size() == 1) StartWrite(&out_.front());
  }

  // Says first what is queued.
  void Close(const Error& why) override {
    const std::scoped_lock lock(mutex_);
    if (out_.empty())
      EndLocked(why);
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
    IfOpen([this] { StartRead(&in_); });
  }

  daemon::Driver& driver_;
  SessionHub& hub_;
  const ClientId client_;
  grpc::ByteBuffer in_;
  bool is_greeted_ = false;

  // With mutex_ held:
  std::deque<grpc::ByteBuffer> out_;  // the first is being written
  size_t queued_ = 0;
  std::optional<Error> ending_;
};

class Service : public v1::Session::WithRawCallbackMethod_Connect<v1::Session::Service> {
 public:
  Service(daemon::Driver& driver, SessionHub& hub, Gate& gate)
      : driver_(driver), hub_(hub), gate_(gate) {}

  Base* Connect(grpc::CallbackServerContext* context) override {
    const auto caller = gate_.Admit(*context, "Session/Connect");
    auto session =
        std::make_shared<Session>(driver_, hub_, ClientId{caller ? caller->name : std::string()});
    if (session->Begin(gate_, caller)) session->Listen();
    return session.get();
  }

 private:
  daemon::Driver& driver_;
  SessionHub& hub_;
  Gate& gate_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSessionService(daemon::Driver& driver, SessionHub& hub,
                                                  Gate& gate) {
  return std::make_unique<Service>(driver, hub, gate);
}

}  // namespace tributary::service
