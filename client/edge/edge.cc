#include "client/edge/edge.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/crash_point.h"
#include "aggregation/base/file.h"
#include "aggregation/base/version.h"
#include "coordinator/store/sqlite_store.h"

namespace tributary::edge {
namespace {

const RunId kLink{""};
constexpr std::string_view kAssignment = "assignment", kEnded = "ended";
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
    : settings_(std::move(settings)), log_(log), requests_(settings_.directory) {}

Result<std::unique_ptr<Edge>> Edge::Start(Settings settings, bool insecure, Log& log) {
  auto edge = std::unique_ptr<Edge>(new Edge(std::move(settings), log));
  RETURN_IF_ERROR(edge->Open(insecure));
  return edge;
}

Edge::~Edge() {
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
  RETURN_IF_ERROR(OpenChannel(insecure));
  RETURN_IF_ERROR(requests_.Open());
  ASSIGN_OR_RETURN(states_, store::OpenSqliteStore(settings_.directory / "state.db"));
  ASSIGN_OR_RETURN(sent_, SentLog::Open(settings_.directory / "sent"));
  if (!sent_->notice().empty()) log_.Warning("sent_log_mended", {{"notice", sent_->notice()}});
  reader_ = std::make_unique<WorkerPool>(1);
  writer_ = std::make_unique<WorkerPool>(1);
  uploader_ = std::make_unique<WorkerPool>(1);
  worker_ = std::make_unique<Worker>(
      settings_, name_, *channel_, *states_,
      [this](const Job& job, Result<Done> done) {
        Post([this, job, done = std::move(done)] {
          if (!done) return;  // stopped: nobody waits for it
          if (done->reason == Reason::kAccepted)
            return Step(job.run, client::WorkFinished{job.task.sequence, done->digest, done->weight,
                                                      done->metrics});
          log_.Warning("task_failed", FieldsOf(job.run, job.task, {{"detail", done->detail}}));
          if (const auto it = runs_.find(job.run); it != runs_.end())
            it->second.detail = done->detail.substr(0, proto::kMaxText);
          if (done->standing == client::Standing::kPending)
            log_.Warning("approval_awaited",
                         {{"run", job.run.value},
                          {"plan", worker_->PlanFile(job.plan).string()},
                          {"command", "tributary client approve " + job.run.value}});
          if (done->reason == Reason::kDeclined)
            return Step(job.run,
                        client::WorkDeclined{job.task.sequence, done->standing, done->closed_for});
          Step(job.run, client::WorkFailed{job.task.sequence, done->reason});
        });
      },
      [this](const Job& job, std::string_view state) {
        Post([this, job, state = std::string(state)] {
          if (const auto it = runs_.find(job.run);
              it != runs_.end() && it->second.session->standing() == client::Standing::kOpen)
            Say(proto::Progress{job.run, job.task.sequence, state, 0});
        });
      });
  RETURN_IF_ERROR(Recover());
  if (!insecure) renewal_ = std::make_unique<Renewal>(*channel_, log_);
  thread_ = std::thread([this] { Drive(); });
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
    ASSIGN_OR_RETURN(const auto ended, states_->Get(run, kEnded));
    if (ended) continue;
    ASSIGN_OR_RETURN(const store::Recovered recovered, states_->Recover(run));
    std::vector<client::Record> records;
    for (const std::string& text : recovered.records) {
      ASSIGN_OR_RETURN(client::Record record, client::RecordFromText(text));
      records.push_back(std::move(record));
    }
    RETURN_IF_ERROR(AddRun(run, records));
  }
  return {};
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
  }
  ASSIGN_OR_RETURN(added.session, client::Session::Recover(Options(name_, run), records, Now()));
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

void Edge::Pump(const RunId& run, RunSession& session) {
  for (;;) {
    const client::Ready ready = session.session->TakeReady();
    if (ready.empty()) return;
    std::vector<std::string> texts;
    for (const client::Record& record : ready.records) texts.push_back(ToText(record));
    if (!texts.empty()) {
      CrashPoint("before_append");
      if (Status kept = states_->Append(run, texts); !kept) {
        log_.Error("journal_failed", {{"error", kept.error().message}});
        log_.Flush();
        ::_exit(1);  // what is not durable must not be acted on; the next start takes it up
      }
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

// --- the link ---

void Edge::Dial() {
  reader_->Post([this] {
    const std::shared_ptr<rpc::Stream> stream = channel_->Open("Session/Connect");
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
      dialled_ = stream;
    }
    proto::Hello hello;
    hello.program = std::string(kVersion);
    hello.numerics = std::string(kNumerics);
    hello.device = settings_.device;
    hello.instruction_set = std::string(InstructionSet());
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
      const Status why = stream->Finish();
      Post([this, why] {
        log_.Warning("connect_failed", {{"coordinator", address_},
                                        {"error", why ? "no welcome" : why.error().message}});
        Step(kLink, client::ConnectionLost{});
      });
      return;
    }
    Post([this, stream, welcome = std::get<proto::Welcome>((*first)->body)] {
      link_ = stream;
      log_.Info(
          "connected",
          {{"project", welcome.project}, {"coordinator", address_}, {"version", welcome.program}});
      StepAll(client::Connected{});
    });
    ReadLink(stream);
  });
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
    log_.Warning("connection_lost", {{"error", why ? "closed" : why.error().message}});
    StepAll(client::ConnectionLost{});
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
    const auto it = runs_.find(end->run);
    if (it == runs_.end() || it->second.session->in_hand().task) return;
    log_.Info("run_ended", {{"run", end->run.value}, {"reason", std::string(Name(end->reason))}});
    if (states_->Put(end->run, kEnded, Name(end->reason))) runs_.erase(it);
  } else if (const auto* goodbye = std::get_if<proto::Goodbye>(&message)) {
    log_.Info("coordinator_stops", {{"why", goodbye->why}});
  }
}

void Edge::Take(const proto::Assignment& assignment) {
  if (!runs_.contains(assignment.run)) {
    const nlohmann::json json = {{"plan", assignment.plan.Hex()}, {"rank", assignment.rank}};
    Status added = states_->Put(assignment.run, kAssignment, json.dump());
    if (added) added = AddRun(assignment.run, {});
    if (!added)
      return log_.Error("assignment_failed",
                        {{"run", assignment.run.value}, {"error", added.error().message}});
  }
  Step(assignment.run, client::TaskReceived{assignment.task});
}

}  // namespace tributary::edge
