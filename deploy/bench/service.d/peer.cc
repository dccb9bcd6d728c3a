#include "deploy/bench/service.d/peer.h"

#include "aggregation/base/file.h"
#include "aggregation/base/version.h"
#include "proto/rpc/fetch.h"

namespace tributary::bench {
namespace {

const RunId kLink{""};
constexpr size_t kMaxPlan = size_t{1} << 20;
// Before an upload is tried again for which there was no room.
constexpr Duration kFirstWait = std::chrono::milliseconds(250), kLastWait = std::chrono::seconds(4);

TimePoint Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Duration>(now)};
}

}  // namespace

Result<std::unique_ptr<Peer>> Peer::Dial(PeerOptions options) {
  auto peer = std::unique_ptr<Peer>(new Peer(std::move(options)));
  RETURN_IF_ERROR(peer->Open());
  return peer;
}

Peer::~Peer() {
  {
    const std::scoped_lock lock(mutex_);
    is_leaving_ = true;
  }
  if (stream_) stream_->Cancel();
  if (thread_.joinable()) thread_.join();
}

Status Peer::Open() {
  rpc::Endpoint endpoint;
  name_ = endpoint.name = options_.identity.filename().string();
  endpoint.role = "client";
  endpoint.address = options_.insecure;
  endpoint.insecure = !options_.insecure.empty();
  if (!endpoint.insecure) {
    endpoint.identity = options_.identity;
    endpoint.address = privacy::CoordinatorOf(options_.identity);
  }
  ASSIGN_OR_RETURN(channel_, rpc::Channel::Open(endpoint));
  cache_.emplace(options_.directory / name_ / "tensors", int64_t{4} << 30);
  stream_ = channel_->Open("Session/Connect");
  proto::Hello hello;
  hello.program = std::string(kVersion);
  hello.numerics = std::string(kNumerics);
  hello.device = "cpu";
  hello.instruction_set = "none";
  if (!stream_->Write(proto::ClientMessage{hello})) return stream_->Finish();
  ASSIGN_OR_RETURN(const auto first, stream_->Read<proto::CoordinatorMessage>());
  if (!first) return stream_->Finish();
  RETURN_IF_ERROR(SessionOf(kLink));
  Step(kLink, client::Connected{});
  thread_ = std::thread([this] { Listen(); });
  return {};
}

Result<Peer::RunSession*> Peer::SessionOf(const RunId& run) {
  if (const auto it = runs_.find(run); it != runs_.end()) return &it->second;
  client::SessionOptions options;
  options.name = ClientId{name_};
  ASSIGN_OR_RETURN(auto session, client::Session::Recover(options, {}, Now()));
  static_cast<void>(session.TakeReady());  // that it connects: it is
  return &runs_.emplace(run, RunSession{std::move(session), {}, {}, 0}).first->second;
}

void Peer::Beat() {
  const std::scoped_lock lock(mutex_);
  if (figures_.is_lost || is_leaving_) return;
  Say(proto::Heartbeat{Now().since_epoch.count()});
  for (auto& [run, session] : runs_) Step(run, client::TimeReached{});
}

PeerFigures Peer::figures() const {
  const std::scoped_lock lock(mutex_);
  return figures_;
}

void Peer::Say(proto::ClientBody message) {
  const std::scoped_lock lock(saying_);
  stream_->Write(proto::ClientMessage{std::move(message)});
}

void Peer::Listen() {
  Status ending;
  while (ending) {
    const auto message = stream_->Read<proto::CoordinatorMessage>();
    if (!message || !*message) break;
    std::unique_lock lock(mutex_);
    ending = Hear((*message)->body);
    for (auto work = std::exchange(work_, {}); ending && !work.empty();
         work = std::exchange(work_, {})) {
      for (const auto& [run, command] : work) {
        RunSession& session = runs_.at(run);
        lock.unlock();
        if (ending) ending = CarryOut(run, session, command);
        lock.lock();
      }
    }
  }
  const std::scoped_lock lock(mutex_);
  if (!ending) fmt::print(stderr, "{}: {}\n", name_, ending.error().message);
  figures_.is_lost = !is_leaving_;
}

// With mutex_ held, as the next two.
Status Peer::Hear(const proto::CoordinatorBody& message) {
  if (const auto* reply = std::get_if<proto::HeartbeatReply>(&message)) {
    figures_.replies.push_back(Now() - TimePoint{Duration(reply->sent)});
  } else if (const auto* assignment = std::get_if<proto::Assignment>(&message)) {
    return Take(*assignment);
  } else if (const auto* acknowledged = std::get_if<proto::Acknowledgement>(&message)) {
    ++figures_.accepted;
    Step(acknowledged->run, client::Acknowledged{acknowledged->sequence});
  } else if (const auto* dismissed = std::get_if<proto::Dismissal>(&message)) {
    ++figures_.dismissed;
    Step(dismissed->run, client::Dismissed{dismissed->sequence, dismissed->reason});
  } else if (std::holds_alternative<proto::RunEnd>(message)) {
    figures_.has_ended = true;
  }
  return {};
}

Status Peer::Take(const proto::Assignment& assignment) {
  ASSIGN_OR_RETURN(RunSession* const session, SessionOf(assignment.run));
  session->plan = assignment.plan;
  session->rank = assignment.rank;
  Step(assignment.run, client::Connected{});
  Step(assignment.run, client::TaskReceived{assignment.task});
  return {};
}

void Peer::Step(const RunId& run, const client::Event& event) {
  const auto it = runs_.find(run);
  if (it == runs_.end()) return;
  it->second.session.Step(Now(), event);
  for (client::Command& command : it->second.session.TakeReady().commands) {
    if (const auto* hello = std::get_if<client::SayHello>(&command))
      Say(proto::Holds{run, hello->holds});
    else
      work_.emplace_back(run, std::move(command));
  }
}

// On the peer's thread, as the rest.
Status Peer::CarryOut(const RunId& run, RunSession& session, const client::Command& command) {
  if (const auto* start = std::get_if<client::StartWork>(&command))
    return Work(run, session, start->task);
  if (const auto* upload = std::get_if<client::Upload>(&command)) return Send(run, *upload);
  if (const auto* report = std::get_if<client::Report>(&command)) {
    const client::UpdateReady& u = report->update;
    if (options_.offers) Say(proto::Offer{run, u.sequence, u.digest, u.weight, u.metrics});
  }
  return {};
}

Status Peer::Work(const RunId& run, RunSession& session, const Task& task) {
  if (!session.made_up) {
    ASSIGN_OR_RETURN(const std::string plan,
                     rpc::FetchBlob(*channel_, run, session.plan, kMaxPlan));
    ASSIGN_OR_RETURN(session.made_up, MadeUp::From(plan, options_.model_config, options_.salt));
  }
  int64_t fetched = 0;
  if (options_.fetches && task.kind != TaskKind::kFeatureMoments)
    RETURN_IF_ERROR(cache_->Checkpoint(*channel_, run, task.checkpoint, &fetched, {}));
  const std::string update = session.made_up->Update({name_}, session.rank, task);
  RETURN_IF_ERROR(MakeDirectories(Outbox(task.sequence).parent_path()));
  RETURN_IF_ERROR(WriteFile(Outbox(task.sequence), update));
  if (options_.together != nullptr) options_.together->arrive_and_wait();
  const std::vector<Metric> metrics = {{"bytes_up", static_cast<double>(update.size())},
                                       {"bytes_down", static_cast<double>(fetched)}};
  const Digest digest = Sha256(update);
  const std::scoped_lock lock(mutex_);
  Step(run, client::WorkFinished{task.sequence, digest, 1, metrics});
  return {};
}

Status Peer::Send(const RunId& run, const client::Upload& upload) {
  const auto file = Outbox(upload.sequence);
  std::error_code error;
  const auto size = static_cast<int64_t>(std::filesystem::file_size(file, error));
  const TimePoint began = Now();
  const proto::UploadBegin begin{run, upload.sequence, upload.digest, size};
  Duration wait = kFirstWait;
  for (;; wait = std::min(2 * wait, kLastWait)) {
    const Status sent = edge::Upload(*channel_, begin, file, traffic_, {});
    if (sent) break;
    const Code code = sent.error().code;
    if (code != Code::kResourceExhausted && !edge::IsPassing(code)) return sent;
    std::this_thread::sleep_for(wait / 2 + wait * (name_.back() % 8) / 8);
  }
  const Duration took = Now() - began;
  std::filesystem::remove(file, error);
  const std::scoped_lock lock(mutex_);
  figures_.uploads.push_back(took);
  Step(run, client::Uploaded{upload.sequence});
  return {};
}

std::filesystem::path Peer::Outbox(int64_t sequence) const {
  return options_.directory / name_ / fmt::format("{}.safetensors", sequence);
}

}  // namespace tributary::bench
