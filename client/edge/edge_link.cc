// What is said over the link, and what is heard.

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/name.h"
#include "client/edge/edge.h"

namespace tributary::edge {
namespace {

constexpr size_t kMostSeen = 1024;  // runs that a hello tells of
constexpr Duration kLongestGoodbye = std::chrono::minutes(1);

}  // namespace

// Those under way first.
std::vector<proto::RunSeen> Edge::Seen() const {
  std::vector<proto::RunSeen> seen;
  for (const auto& [id, run] : runs_) {
    const client::TaskInHand& in_hand = run.session->in_hand();
    if (in_hand.newest() > 0)
      seen.push_back({id, in_hand.round, run.incarnation, in_hand.newest()});
  }
  for (const auto& [id, run] : ended_) seen.push_back(run);
  if (seen.size() > kMostSeen) seen.resize(kMostSeen);
  return seen;
}

void Edge::Dial() {
  reader_->Post([this, seen = Seen()] {
    const std::shared_ptr<rpc::Stream> stream = channel_->Open("Session/Connect");
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
      dialled_ = stream;
    }
    proto::Hello hello = self_;
    hello.seen = seen;
    const Status kept = sent_->Hello(address_, hello);
    if (!kept) {
      log_.Error("not_logged_not_sent", {{"error", kept.error().message}});
      stream->Cancel();
    }
    const bool written = kept && stream->Write(proto::ClientMessage{hello});
    auto first = written ? stream->Read<proto::CoordinatorMessage>()
                         : Result<std::optional<proto::CoordinatorMessage>>();
    const bool is_welcome =
        first && *first && std::holds_alternative<proto::Welcome>((*first)->body);
    if (!is_welcome) {
      if (!first || *first) stream->Cancel();  // which has not ended by itself
      const Status why = stream->Finish();
      Post([this, why] {
        log_.Warning("connect_failed", {{"coordinator", address_},
                                        {"error", why ? "no welcome" : why.error().message}});
        metrics_.Connection("failed");
        Step(kLink, client::ConnectionLost{});
      });
      return;
    }
    Post([this, stream, welcome = std::get<proto::Welcome>((*first)->body)] {
      Welcomed(stream, welcome);
    });
    ReadLink(stream);
  });
}

void Edge::Welcomed(std::shared_ptr<rpc::Stream> stream, const proto::Welcome& welcome) {
  link_ = std::move(stream);
  link_changed_ = Now();
  project_ = welcome.project;
  metrics_.Connection("accepted");
  incarnation_ = welcome.incarnation;
  log_.Info("connected", {{"project", welcome.project},
                          {"coordinator", address_},
                          {"version", welcome.program},
                          {"incarnation", welcome.incarnation}});
  StepAll(client::Connected{});
}

void Edge::ReadLink(std::shared_ptr<rpc::Stream> stream) {
  for (;;) {
    const auto message = stream->Read<proto::CoordinatorMessage>();
    if (!message || !*message) break;
    Post([this, body = (*message)->body] { Hear(body); });
  }
  stream->Cancel();
  const Status why = stream->Finish();
  Post([this, why] {
    link_.reset();
    link_changed_ = Now();
    metrics_.Connection("lost");
    log_.Warning("connection_lost", {{"error", why ? "closed" : why.error().message}});
    StepAll(client::ConnectionLost{std::exchange(goodbye_, Duration{0})});
  });
}

void Edge::Say(proto::ClientBody message) {
  if (link_ == nullptr) return;  // a machine that awaits an answer says it again
  writer_->Post([stream = link_, message = std::move(message)] {
    stream->Write(proto::ClientMessage{message});
  });
}

void Edge::Hear(const proto::CoordinatorBody& message) {
  if (const auto* assignment = std::get_if<proto::Assignment>(&message)) {
    Take(*assignment);
  } else if (const auto* acknowledgement = std::get_if<proto::Acknowledgement>(&message)) {
    Step(acknowledgement->run, client::Acknowledged{acknowledgement->sequence});
  } else if (const auto* dismissal = std::get_if<proto::Dismissal>(&message)) {
    Step(dismissal->run, client::Dismissed{dismissal->sequence, dismissal->reason});
  } else if (const auto* end = std::get_if<proto::RunEnd>(&message)) {
    Ended(*end);
  } else if (const auto* goodbye = std::get_if<proto::Goodbye>(&message)) {
    log_.Info("coordinator_stops", {{"why", goodbye->why}});
    goodbye_ = std::clamp(goodbye->retry_after, Duration{0}, kLongestGoodbye);
  }
}

void Edge::Ended(const proto::RunEnd& end) {
  const auto it = runs_.find(end.run);
  if (it == runs_.end() || it->second.session->in_hand().task) return;
  log_.Info("run_ended", {{"run", end.run.value}, {"reason", std::string(Name(end.reason))}});
  const nlohmann::json kept = {{"round", end.round}, {"checkpoint", end.checkpoint.Hex()}};
  Status done = states_->Put(end.run, kKept, DumpJson(kept));
  if (done) done = states_->Put(end.run, kEnded, Name(end.reason));
  if (done) done = KeepAdapter(end.run);
  if (!done) return log_.Error("adapter_not_kept", {{"error", done.error().message}});
  End(end.run);
}

void Edge::Take(const proto::Assignment& assignment) {
  if (const Status begun = Begin(assignment); !begun)
    return log_.Error("assignment_failed",
                      {{"run", assignment.run.value}, {"error", begun.error().message}});
  Step(assignment.run, client::TaskReceived{assignment.task});
}

Status Edge::Begin(const proto::Assignment& assignment) {
  const RunId& id = assignment.run;
  RETURN_IF_ERROR(CheckName("run", id.value));  // files are named after it
  if (!runs_.contains(id)) {
    const nlohmann::json json = {{"plan", assignment.plan.Hex()}, {"rank", assignment.rank}};
    const bool is_back = ended_.erase(id) > 0;  // of a coordinator that was restored from a backup
    std::error_code ignored;                    // its adapter will be another one
    if (is_back) std::filesystem::remove(worker_->AdapterDirectory(id) / "README.md", ignored);
    RETURN_IF_ERROR(is_back ? states_->Put(id, kEnded, "")
                            : states_->Put(id, kAssignment, DumpJson(json)));
    RETURN_IF_ERROR(TakeUp(id));
  }
  RunSession& run = runs_.at(id);
  if (run.plan != assignment.plan)
    return MakeError(Code::kFailedPrecondition, "its plan is {}, and was {}", assignment.plan.Hex(),
                     run.plan.Hex());
  if (run.incarnation == incarnation_) return {};
  RETURN_IF_ERROR(states_->Put(id, kIncarnation, std::to_string(incarnation_)));
  run.incarnation = incarnation_;
  return {};
}

}  // namespace tributary::edge
