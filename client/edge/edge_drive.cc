// The driver's thread: events to the machines, records to the store, commands to the rest.

#include <ranges>

#include "aggregation/base/crash_point.h"
#include "client/edge/edge.h"

namespace tributary::edge {
namespace {

constexpr Duration kLookForRequests = std::chrono::milliseconds(500);

LogFields FieldsOf(const RunId& run, const Task& task, LogFields more = {}) {
  LogFields fields = {{"run", run.value},
                      {"round", task.round},
                      {"task", std::string(Name(task.kind))},
                      {"sequence", task.sequence}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

}  // namespace

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
    busy_.Begin();
    if (Now() >= look) {
      TakeRequests();
      look = Now() + kLookForRequests;
    }
    for (const auto& task : tasks) task();
    StepAll(client::TimeReached{});
    if (const Status sound = states_->Sound(); !sound) EndAtOnce(sound.error());
    busy_.End();
    lock.lock();
  }
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

// --- the machines ---

void Edge::Step(const RunId& run, const client::Event& event) {
  const auto it = runs_.find(run);
  if (it == runs_.end()) return;
  it->second.session->Step(Now(), event);
  Pump(run, it->second);
}

// The link last: its hello asks for the tasks of every run, so where it stands with each is said
// before.
void Edge::StepAll(const client::Event& event) {
  for (auto& [id, run] : runs_ | std::views::reverse) {
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
