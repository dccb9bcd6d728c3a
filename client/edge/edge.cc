#include "client/edge/edge.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/crash_point.h"
#include "aggregation/base/file.h"
#include "aggregation/base/version.h"
#include "client/trainer_module.h"

namespace tributary::edge {
namespace {

constexpr Duration kLookForRequests = std::chrono::milliseconds(500);

client::SessionOptions Options(const std::string& name, const RunId& run) {
  client::SessionOptions options;
  options.name = ClientId{name};
  options.seed = Sha256(name + "\n" + run.value).bytes[0];
  options.first_retry = std::chrono::milliseconds(500);
  return options;
}

LogFields FieldsOf(const RunId& run, const Task& task, LogFields more = {}) {
  LogFields fields = {{"run", run.value},
                      {"round", task.round},
                      {"task", std::string(Name(task.kind))},
                      {"sequence", task.sequence}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::string_view InstructionSet() {
  if (__builtin_cpu_supports("avx512f")) return "avx512";
  return __builtin_cpu_supports("avx2") ? "avx2" : "generic";
}

}  // namespace

Edge::Edge(Settings settings, Log& log)
    : settings_(std::move(settings)),
      log_(log),
      requests_(settings_.directory),
      link_changed_(Now()) {}

Result<std::unique_ptr<Edge>> Edge::Start(Settings settings, bool insecure, Log& log) {
  auto edge = std::unique_ptr<Edge>(new Edge(std::move(settings), log));
  RETURN_IF_ERROR(edge->Open(insecure));
  return edge;
}

Edge::~Edge() {
  http_.reset();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    if (dialled_ != nullptr) dialled_->Cancel();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  renewal_.reset();
  for (auto& [run, stop] : uploading_) stop.request_stop();
  worker_.reset();
  uploader_.reset();
  writer_.reset();
  reader_.reset();
}

Status Edge::Open(bool insecure) {
  RETURN_IF_ERROR(MakeDirectories(settings_.directory));
  RETURN_IF_ERROR(DescribeSelf());
  RETURN_IF_ERROR(OpenChannel(insecure));
  RETURN_IF_ERROR(requests_.Open());
  ASSIGN_OR_RETURN(states_, store::OpenSqliteStore(settings_.directory / "state.db"));
  ASSIGN_OR_RETURN(sent_, SentLog::Open(settings_.directory / "sent"));
  if (!sent_->notice().empty()) log_.Warning("sent_log_mended", {{"notice", sent_->notice()}});
  reader_ = std::make_unique<WorkerPool>(1);
  writer_ = std::make_unique<WorkerPool>(1);
  uploader_ = std::make_unique<WorkerPool>(1);
  worker_ = std::make_unique<Worker>(
      settings_, name_, *channel_, *states_, traffic_,
      [this](const Job& job, Result<Done> done) {
        Post([this, job, done = std::move(done)] {
          if (!done) return;  // stopped: nobody waits for it
          Worked(job, *done);
        });
      },
      [this](const Job& job, std::string_view state) {
        Post([this, job, state = std::string(state)] {
          const auto it = runs_.find(job.run);
          if (it == runs_.end()) return;
          it->second.step = state;
          if (it->second.session->standing() == client::Standing::kOpen)
            Say(proto::Progress{job.run, job.task.sequence, state, 0});
        });
      });
  RETURN_IF_ERROR(Recover());
  if (!insecure) renewal_ = std::make_unique<Renewal>(*channel_, log_);
  thread_ = std::thread([this] { Drive(); });
  return OpenHttp();
}

// What became of the work.
void Edge::Worked(const Job& job, const Done& done) {
  if (job.is_last) {
    if (done.reason == Reason::kAccepted)
      return log_.Info("adapter_kept",
                       {{"run", job.run.value},
                        {"round", job.task.round},
                        {"directory", worker_->AdapterDirectory(job.run).string()}});
    return log_.Warning("adapter_not_kept", {{"run", job.run.value}, {"detail", done.detail}});
  }
  if (done.reason == Reason::kAccepted)
    return Step(job.run,
                client::WorkFinished{job.task.sequence, done.digest, done.weight, done.metrics});
  log_.Warning("task_failed", FieldsOf(job.run, job.task, {{"detail", done.detail}}));
  if (const auto it = runs_.find(job.run); it != runs_.end())
    it->second.detail = done.detail.substr(0, proto::kMaxText);
  if (done.standing == client::Standing::kPending)
    log_.Warning("approval_awaited", {{"run", job.run.value},
                                      {"plan", worker_->PlanFile(job.plan).string()},
                                      {"command", "tributary client approve " + job.run.value}});
  if (done.reason == Reason::kDeclined)
    return Step(job.run, client::WorkDeclined{job.task.sequence, done.standing, done.closed_for});
  Step(job.run, client::WorkFailed{job.task.sequence, done.reason});
}

Status Edge::DescribeSelf() {
  ASSIGN_OR_RETURN(const auto trainer, client::OpenTrainer());
  ASSIGN_OR_RETURN(const std::string device, trainer->DeviceOf(settings_.device));
  self_.program = std::string(kVersion);
  self_.numerics = std::string(kNumerics);
  self_.torch = trainer->description();
  self_.device = device.substr(0, device.find(':'));  // the kind; which one is nobody's business
  self_.instruction_set = std::string(InstructionSet());
  return {};
}

Status Edge::OpenChannel(bool insecure) {
  rpc::Endpoint endpoint;
  endpoint.address = settings_.coordinator;
  endpoint.proxy = settings_.proxy;
  endpoint.insecure = insecure;
  if (insecure) {
    if (settings_.name.empty()) return InvalidArgument("`name` is missing: the name of this site");
    if (endpoint.address.empty()) endpoint.address = "127.0.0.1:7340";
    endpoint.name = settings_.name;
    endpoint.role = "client";
  } else {
    endpoint.identity = IdentityDirectory(settings_);
    if (!privacy::HasCredentials(endpoint.identity))
      return MakeError(Code::kFailedPrecondition,
                       "{}: holds no certificate; `tributary client join` with the join string of "
                       "the project's administrator makes one (--insecure goes without)",
                       endpoint.identity.string());
    ASSIGN_OR_RETURN(const auto own, rpc::OwnCredentials(endpoint.identity));
    if (own.identity.role != "client")
      return MakeError(Code::kFailedPrecondition, "{}: is the identity of {} {}, not a client's",
                       endpoint.identity.string(), own.identity.role, own.identity.name);
    endpoint.name = own.identity.name;
    if (endpoint.address.empty()) endpoint.address = privacy::CoordinatorOf(endpoint.identity);
    if (endpoint.address.empty())
      return InvalidArgument("`coordinator` is missing: the address of the coordinator");
  }
  name_ = endpoint.name;
  address_ = endpoint.address;
  ASSIGN_OR_RETURN(channel_, rpc::Channel::Open(endpoint));
  return {};
}

Status Edge::Recover() {
  RETURN_IF_ERROR(AddRun(kLink, {}));
  ASSIGN_OR_RETURN(const std::vector<RunId> known, states_->Runs());
  for (const RunId& run : known) {
    RETURN_IF_ERROR(TakeUp(run));
    ASSIGN_OR_RETURN(const auto ended, states_->Get(run, kEnded));
    if (ended.value_or("").empty()) continue;
    RETURN_IF_ERROR(KeepAdapter(run));
    End(run);
  }
  return {};
}

// A run that the store knows.
Status Edge::TakeUp(const RunId& run) {
  ASSIGN_OR_RETURN(const store::Recovered recovered, states_->Recover(run));
  std::vector<client::Record> records;
  for (const std::string& text : recovered.records) {
    ASSIGN_OR_RETURN(client::Record record, client::RecordFromText(text));
    records.push_back(std::move(record));
  }
  return AddRun(run, records);
}

// Of a run that has ended, unless it is there. Before End.
Status Edge::KeepAdapter(const RunId& run) {
  std::error_code error;
  if (std::filesystem::exists(worker_->AdapterDirectory(run) / "README.md", error)) return {};
  ASSIGN_OR_RETURN(const auto kept, states_->Get(run, kKept));
  const auto json = nlohmann::json::parse(kept.value_or(""), nullptr, false);
  if (!json.is_object()) return {};
  const RunSession& session = runs_.at(run);
  Job job{run, session.plan, session.rank, {}};
  job.is_last = true;
  job.task.round = json.value("round", int64_t{0});
  ASSIGN_OR_RETURN(job.task.checkpoint, Digest::FromHex(json.value("checkpoint", "")));
  worker_->Start(std::move(job));
  return {};
}

// Keeps what it has seen of the run, and no more.
void Edge::End(const RunId& run) {
  const RunSession& session = runs_.at(run);
  const client::TaskInHand& in_hand = session.session->in_hand();
  ended_[run] = {run, in_hand.round, session.incarnation, in_hand.newest()};
  runs_.erase(run);
}

Status Edge::AddRun(const RunId& run, std::span<const client::Record> records) {
  RunSession added;
  if (run != kLink) {
    ASSIGN_OR_RETURN(const auto assignment, states_->Get(run, kAssignment));
    const auto json = nlohmann::json::parse(assignment.value_or(""), nullptr, false);
    if (!json.is_object() || !json.contains("plan") || !json.contains("rank"))
      return MakeError(Code::kDataLoss, "{}: run {}: its assignment cannot be read",
                       settings_.directory.string(), run.value);
    ASSIGN_OR_RETURN(added.plan, Digest::FromHex(json["plan"].get<std::string>()));
    added.rank = json["rank"].get<int64_t>();
    ASSIGN_OR_RETURN(const auto incarnation, states_->Get(run, kIncarnation));
    if (incarnation) added.incarnation = std::atoll(incarnation->c_str());
  }
  ASSIGN_OR_RETURN(added.session, client::Session::Recover(Options(name_, run), records, Now()));
  added.since = Now();
  if (const auto& task = added.session->in_hand().task) added.kind = task->kind;
  Pump(run, runs_[run] = std::move(added));
  return {};
}

void Edge::Post(std::function<void()> task) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    queue_.push_back(std::move(task));
  }
  changed_.notify_one();
}

TimePoint Edge::Now() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Duration>(now)};
}

void Edge::Drive() {
  std::unique_lock lock(mutex_);
  TimePoint look = Now();  // for requests
  for (;;) {
    TimePoint next = look;
    for (const auto& [id, run] : runs_)
      if (const auto deadline = run.session->NextDeadline()) next = std::min(next, *deadline);
    changed_.wait_for(lock, next - Now(), [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    auto tasks = std::exchange(queue_, {});
    lock.unlock();
    if (Now() >= look) {
      TakeRequests();
      look = Now() + kLookForRequests;
    }
    for (const auto& task : tasks) task();
    StepAll(client::TimeReached{});
    if (const Status sound = states_->Sound(); !sound) EndAtOnce(sound.error());
    lock.lock();
  }
}

// --- the machines ---

void Edge::Step(const RunId& run, const client::Event& event) {
  const auto it = runs_.find(run);
  if (it == runs_.end()) return;
  it->second.session->Step(Now(), event);
  Pump(run, it->second);
}

void Edge::StepAll(const client::Event& event) {
  for (auto& [id, run] : runs_) {
    run.session->Step(Now(), event);
    Pump(id, run);
  }
}

// What is not durable must not be acted on; the next start takes it up.
void Edge::EndAtOnce(const Error& why) {
  log_.Error("journal_failed", {{"error", why.message}});
  log_.Flush();
  ::_exit(1);
}

void Edge::Pump(const RunId& run, RunSession& session) {
  for (;;) {
    const client::Ready ready = session.session->TakeReady();
    if (ready.empty()) return;
    std::vector<std::string> texts;
    for (const client::Record& record : ready.records) texts.push_back(ToText(record));
    if (!texts.empty()) {
      CrashPoint("before_append");
      if (Status kept = states_->Append(run, texts); !kept) EndAtOnce(kept.error());
      for (const client::Record& record : ready.records)
        std::visit([](const auto& r) { CrashPoint(r.kName); }, record);
    }
    for (const client::Record& record : ready.records)
      if (const auto* ended = std::get_if<client::TaskEnded>(&record)) {
        std::error_code ignored;
        std::filesystem::remove(worker_->OutboxFile(run, ended->sequence), ignored);
        log_.Info("task_ended", {{"run", run.value},
                                 {"sequence", ended->sequence},
                                 {"reason", std::string(Name(ended->reason))}});
        const Duration took = Now() - session.since;
        metrics_.Ended(session.kind, ended->reason, std::chrono::duration<double>(took).count());
        session.last = Name(ended->reason);
      }
    for (const client::Command& command : ready.commands) {
      CarryOut(run, session, command);
      CrashPoint("command");
    }
  }
}

void Edge::CarryOut(const RunId& run, RunSession& session, const client::Command& command) {
  if (std::holds_alternative<client::Connect>(command)) {
    if (run == kLink)
      Dial();
    else if (link_ != nullptr)
      session.session->Step(Now(), client::Connected{});
  } else if (const auto* hello = std::get_if<client::SayHello>(&command)) {
    Say(proto::Holds{run, hello->holds});
  } else if (const auto* said = std::get_if<client::SayStanding>(&command)) {
    SayStanding(run, session, said->standing);
  } else if (const auto* start = std::get_if<client::StartWork>(&command)) {
    log_.Info("task_started", FieldsOf(run, start->task));
    session.step.clear();
    session.kind = start->task.kind;
    session.since = Now();
    worker_->Start({run, session.plan, session.rank, start->task,
                    session.session->in_hand().consent == client::Consent::kGranted});
  } else if (const auto* stop = std::get_if<client::StopWork>(&command)) {
    worker_->Stop(run, stop->sequence);
    if (const auto it = uploading_.find(run); it != uploading_.end()) it->second.request_stop();
  } else if (const auto* upload = std::get_if<client::Upload>(&command)) {
    UploadUpdate(run, *upload);
  } else {
    Report(run, session, std::get<client::Report>(command).update);
  }
}

}  // namespace tributary::edge
