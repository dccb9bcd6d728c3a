#include "coordinator/monitor/event_log.h"

#include "coordinator/daemon/status.h"

namespace tributary::monitor {

using namespace coordinator;  // NOLINT: the records

namespace {

std::string Text(std::string_view text) { return std::string(text); }

// Which stage of which run.
LogFields StageFields(const RunId& run, const RunFigures& figures) {
  LogFields fields = {{"run", run.value}};
  if (!figures.stage) return fields;
  fields.emplace_back("round", figures.stage->round);
  fields.emplace_back("task", Text(Name(figures.stage->kind)));
  fields.emplace_back("attempt", figures.stage->attempt);
  return fields;
}

RecordEvent RecordEventOf(const RunId& run, const RunFigures& figures, const Record& record) {
  RecordEvent event{LogLevel::kInfo, std::visit([](const auto& r) { return r.kName; }, record),
                    StageFields(run, figures)};
  LogFields& fields = event.fields;
  const auto reason = [&](Reason why) { fields.emplace_back("reason", Text(Name(why))); };
  const auto client = [&](const ClientId& name) { fields.emplace_back("client", name.value); };
  if (const auto* opened = std::get_if<StageOpened>(&record)) {
    fields.emplace_back("cohort", static_cast<int64_t>(opened->cohort.size()));
    fields.emplace_back("target", opened->target);
    fields.emplace_back("minimum", opened->minimum);
  } else if (const auto* accepted = std::get_if<UpdateAccepted>(&record)) {
    client(accepted->client);
  } else if (const auto* ended = std::get_if<ClientEnded>(&record)) {
    event.level = LogLevel::kWarning;
    client(ended->client);
    reason(ended->reason);
  } else if (std::holds_alternative<StageClosed>(record)) {
    fields.emplace_back("accepted", figures.stage ? figures.stage->accepted : 0);
  } else if (const auto* committed = std::get_if<StageCommitted>(&record)) {
    fields.emplace_back("checkpoint", committed->digest.Hex().substr(0, 16));
    if (committed->rows > 0)
      fields.emplace_back("accuracy", static_cast<double>(committed->correct) /
                                          static_cast<double>(committed->rows));
    if (const auto error = Find(committed->metrics, "averaging_error"))
      fields.emplace_back("averaging_error", *error);
  } else if (const auto* abandoned = std::get_if<StageAbandoned>(&record)) {
    event.level = LogLevel::kWarning;
    reason(abandoned->reason);
  } else if (const auto* paused = std::get_if<RunPaused>(&record)) {
    fields = {{"run", run.value}};
    event.level = paused->reason == Reason::kOperator ? LogLevel::kInfo : LogLevel::kError;
    reason(paused->reason);
  } else if (const auto* lost = std::get_if<StagesLost>(&record)) {
    event.level = LogLevel::kWarning;
    fields = {{"run", run.value}, {"sequence", lost->sequence}, {"charged", lost->charged}};
  } else if (const auto* finished = std::get_if<RunFinished>(&record)) {
    fields = {{"run", run.value}};
    reason(finished->reason);
  } else {
    fields = {{"run", run.value}};
  }
  return event;
}

// When it was decided, where the record says it.
std::optional<TimePoint> TimeOf(const Record& record) {
  if (const auto* opened = std::get_if<StageOpened>(&record)) return opened->opened;
  if (const auto* accepted = std::get_if<UpdateAccepted>(&record)) return accepted->at;
  if (const auto* ended = std::get_if<ClientEnded>(&record)) return ended->at;
  if (const auto* closed = std::get_if<StageClosed>(&record)) return closed->closed;
  if (const auto* committed = std::get_if<StageCommitted>(&record)) return committed->committed;
  return std::nullopt;
}

template <typename... Records>
bool IsNameOf(std::string_view name, const std::variant<Records...>*) {
  return ((name == Records::kName) || ...);
}

}  // namespace

bool IsRecordEvent(std::string_view name) {
  return IsNameOf(name, static_cast<const Record*>(nullptr));
}

RecordTeller::RecordTeller(RunId run, std::span<const Record> records) : run_(std::move(run)) {
  for (const Record& record : records)
    if (const auto time = TimeOf(record)) {
      time_ = *time;
      break;
    }
}

RecordEvent RecordTeller::Tell(const Record& record) {
  const RunFigures before = figures_;
  figures_.Apply(record);
  time_ = TimeOf(record).value_or(time_);
  // What ends a stage is told of the stage that it ends.
  return RecordEventOf(run_, figures_.stage ? figures_ : before, record);
}

void EventLog::Opened(const daemon::Run& run, bool is_new) {
  const daemon::RunSetup& setup = run.setup();
  Catch(run);
  log_.Info(is_new ? "run_submitted" : "run_found", {{"run", setup.id.value},
                                                     {"method", setup.config.adapter.method},
                                                     {"model", setup.config.model.name},
                                                     {"rounds", setup.config.federation.rounds},
                                                     {"clients", setup.population},
                                                     {"phase", Text(daemon::PhaseOf(run))}});
}

void EventLog::Recorded(const daemon::Run& run, std::span<const Record> records, Duration) {
  const RunId& id = run.setup().id;
  RecordTeller& teller = runs_.try_emplace(id, id).first->second;
  for (const Record& record : records) {
    const RecordEvent event = teller.Tell(record);
    log_.Write(event.level, event.name, event.fields);
  }
}

// Up with the journal, without a word.
void EventLog::Catch(const daemon::Run& run) {
  RecordTeller teller(run.setup().id);
  for (const Record& record : run.records()) teller.Tell(record);
  runs_.insert_or_assign(run.setup().id, std::move(teller));
}

void EventLog::Halted(const daemon::Run& run, const Error& why) {
  log_.Error(why.code == Code::kResourceExhausted ? "disk_full" : "run_halted",
             {{"run", run.setup().id.value}, {"error", why.message}});
}

void EventLog::Recovered(const daemon::Run& run) {
  Catch(run);
  log_.Info("run_recovered", {{"run", run.setup().id.value}});
}

void EventLog::Connected(const ClientId& client, const proto::Hello& hello) {
  log_.Info("client_connected", {{"client", client.value},
                                 {"version", hello.program},
                                 {"numerics", hello.numerics},
                                 {"device", hello.device}});
}

void EventLog::Disconnected(const ClientId& client) {
  log_.Info("client_disconnected", {{"client", client.value}});
}

void EventLog::Refused(const ClientId& client, const Error& why) {
  log_.Warning("client_refused", {{"client", client.value}, {"error", why.message}});
}

void EventLog::Rejected(const daemon::Run& run, const ClientId& client, const Error& why) {
  log_.Warning("update_rejected",
               {{"run", run.setup().id.value}, {"client", client.value}, {"error", why.message}});
}

void EventLog::Quarantined(const ClientId& client, const Error& why) {
  log_.Error("client_quarantined", {{"client", client.value}, {"error", why.message}});
}

void EventLog::Released(const ClientId& client) {
  log_.Info("client_released", {{"client", client.value}});
}

void EventLog::Elsewhere(const ClientId& client, std::string_view before, std::string_view now) {
  log_.Warning("client_elsewhere",
               {{"client", client.value}, {"before", Text(before)}, {"now", Text(now)}});
}

void EventLog::Failed(const daemon::Run& run, const ClientId& client, Reason reason,
                      std::string_view detail) {
  log_.Warning("client_failed", {{"run", run.setup().id.value},
                                 {"client", client.value},
                                 {"reason", Text(Name(reason))},
                                 {"detail", Text(detail)}});
}

}  // namespace tributary::monitor
