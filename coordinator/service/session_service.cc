#include "coordinator/service/session_service.h"

#include <grpcpp/alarm.h>

#include <deque>

#include <nlohmann/json.hpp>

#include <tributary/v1/session.grpc.pb.h>
#include "aggregation/base/json.h"
#include "aggregation/base/version.h"
#include "coordinator/service/pace.h"
#include "coordinator/service/reactor.h"
#include "coordinator/service/unary.h"

namespace tributary::service {
namespace {

using rpc::ToBuffer;
using rpc::ToBytes;

using Base = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

constexpr size_t kMostQueued = 64 * 1024;  // bytes that wait for a client to read them

class Session : public Reactor<Session, Base>, public Stream {
 public:
  Session(daemon::Driver& driver, SessionHub& hub, const daemon::Limits& limits)
      : driver_(driver), hub_(hub), pace_({limits.upload_gap}) {}

  void Listen() {
    pace_.Wait(SteadyNow());  // for Hello; after it the client may be silent
    StartRead(&in_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Close({Code::kOk, ""});
    pace_.Got(SteadyNow(), 0);
    auto message = proto::Decode<proto::ClientMessage>(ToBytes(in_));
    if (!message) return Refuse(Refusal::kMalformed, message.error());
    const bool is_hello = std::holds_alternative<proto::Hello>(message->body);
    if (is_hello == is_greeted_)
      return Refuse(Refusal::kMalformed,
                    {Code::kFailedPrecondition, is_hello ? "a second Hello" : "Hello comes first"});
    is_greeted_ = true;
    const bool posted = driver_.Post([self = shared_from_this(), message = *std::move(message)](
                                         daemon::Federation& f) { self->Take(f, message); });
    if (!posted) Close({Code::kUnavailable, "the coordinator stops"});
  }

  void EndIfSlow(TimePoint now) override {
    if (Status pace = pace_.Check(now); !pace) Refuse(Refusal::kSlow, pace.error());
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
    // On the thread that greets, so behind it: who has gone before its turn leaves, too.
    const bool posted =
        driver_.Post([self = shared_from_this()](daemon::Federation& f) { self->Leave(&f); });
    if (!posted) Leave(nullptr);
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
      auto welcome = federation.Connected(client(), *hello, HostOf(caller().address));
      if (!welcome) return Close(welcome.error());
      hub_.Add(client(), shared_from_this());
      Send({*std::move(welcome)});
    } else {
      federation.OnMessage(client(), message.body);
    }
    if (gate().MaySay(caller())) return IfOpen([this] { StartRead(&in_); });
    // Who says too much is heard at the rate of its calls.
    gate().refusals().Add(Refusal::kRate, caller(), "Session/Connect",
                          {Code::kResourceExhausted, "too many messages; they are read slowly"});
    const auto later =
        std::chrono::duration<double>(1.0 / static_cast<double>(gate().limits().calls_per_second));
    const std::scoped_lock lock(mutex_);
    if (is_ended_) return;
    alarm_.Set(std::chrono::system_clock::now() +
                   std::chrono::duration_cast<std::chrono::microseconds>(later),
               [self = shared_from_this()](bool) mutable {
                 const auto session = std::move(self);  // the alarm keeps what it has called
                 session->IfOpen([&] { session->StartRead(&session->in_); });
               });
  }

  void Leave(daemon::Federation* federation) {
    const bool was_current = hub_.Remove(client(), this);
    if (was_current && federation != nullptr) federation->Disconnected(client());
  }

  ClientId client() const { return {caller().name}; }

  daemon::Driver& driver_;
  SessionHub& hub_;
  Pace pace_;
  grpc::ByteBuffer in_;
  grpc::Alarm alarm_;
  bool is_greeted_ = false;

  // With mutex_ held:
  std::deque<grpc::ByteBuffer> out_;  // the first is being written
  size_t queued_ = 0;
  std::optional<Error> ending_;
};

proto::Document AboutOf(const daemon::Federation& federation, TimePoint now, const Caller& caller) {
  const nlohmann::ordered_json json = {
      {"schema", 1},
      {"project", federation.options().project},
      {"version", kVersion},
      {"numerics", kNumerics},
      {"protocol", fmt::format("{}.{}", proto::kMajor, proto::kMinor)},
      {"incarnation", federation.incarnation()},
      {"time", now.since_epoch.count()},
      {"you", {{"name", caller.name}, {"role", caller.role}}}};
  return {{DumpJson(json)}};
}

class Service : public v1::Session::WithRawCallbackMethod_About<
                    v1::Session::WithRawCallbackMethod_Connect<v1::Session::Service>> {
 public:
  Service(daemon::Driver& driver, SessionHub& hub, Gate& gate)
      : driver_(driver), hub_(hub), gate_(gate) {}

  Base* Connect(grpc::CallbackServerContext* context) override {
    const auto caller = gate_.Admit(*context, "Session/Connect");
    auto session = std::make_shared<Session>(driver_, hub_, gate_.limits());
    if (session->Begin(gate_, caller, "Session/Connect")) session->Listen();
    return session.get();
  }
  grpc::ServerUnaryReactor* About(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override {
    return Answer<proto::AboutRequest>(gate_, driver_, context, "Session/About", request, response,
                                       [this](daemon::Federation& f, proto::AboutRequest&&,
                                              const Caller& caller) -> Result<proto::Document> {
                                         return AboutOf(f, driver_.Now(), caller);
                                       });
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
