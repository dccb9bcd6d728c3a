#include "coordinator/monitor/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <chrono>

#include "aggregation/base/version.h"
#include "coordinator/daemon/status.h"
#include "coordinator/report/privacy_view.h"

namespace tributary::monitor {

using namespace coordinator;  // NOLINT: the records

namespace {

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

std::optional<double> Epsilon(const daemon::RunSetup& setup, int64_t charged) {
  const RunPlan& plan = setup.plan.run;
  if (!plan.privacy) return std::nullopt;
  const auto event =
      report::TrainingEvent(setup.config, setup.population, plan.privacy->noise_multiplier);
  if (!event) return std::nullopt;
  privacy::RdpAccountant accountant(privacy::RelationOf(*event));
  if (!accountant.Compose(*event, charged)) return std::nullopt;
  const auto spent = accountant.Epsilon(setup.config.privacy.delta);
  return spent ? std::optional(spent->epsilon) : std::nullopt;
}

}  // namespace

Metrics::Metrics() : started_(http::UnixSeconds()) {
  // Series that begin at zero, so that their first event is seen as an increase.
  using enum MetricId;
  for (const char* outcome : {"accepted", "refused", "elsewhere"})
    series_.Counter(kConnections, {outcome});
  for (const char* outcome : {"committed", "below_minimum", "aggregate_failed"})
    series_.Counter(kRounds, {outcome});
  for (const Reason reason : {Reason::kLate, Reason::kBadUpdate, Reason::kConflict})
    series_.Counter(kRejected, {Name(reason)});
  for (const Reason reason : {Reason::kLate, Reason::kDeadline, Reason::kDroppedOut})
    series_.Counter(kStragglers, {Name(reason)});
  for (const Reason reason : {Reason::kDeclined, Reason::kFailed, Reason::kNonFinite})
    series_.Counter(kFailures, {Name(reason)});
  for (const char* phase : {"selecting", "reporting", "aggregating"})
    series_.Histogram(kPhase, {phase});
  for (const MetricId plain : {kDisconnections, kUploadBytes, kDownloadBytes, kJournalRecords})
    series_.Counter(plain);
  series_.Counter(kHalts, {CodeName(Code::kResourceExhausted)});
  series_.Histogram(kJournalAppend);
}

// --- what happens ---

void Metrics::Opened(const daemon::Run& run, bool) { Recovered(run); }

void Metrics::Recovered(const daemon::Run& run) {
  Known& known = runs_[run.setup().id] = {};
  for (const Record& record : run.records()) known.figures.Apply(record);
}

void Metrics::Recorded(const daemon::Run& run, std::span<const Record> records, Duration took) {
  series_.Histogram(MetricId::kJournalAppend).Observe(Seconds(took));
  series_.Counter(MetricId::kJournalRecords).Increment(static_cast<double>(records.size()));
  Known& known = runs_[run.setup().id];
  for (const Record& record : records) {
    Count(known.figures, record);
    known.figures.Apply(record);
  }
}

// `before`: as the run was before the record.
void Metrics::Count(const RunFigures& before, const Record& record) {
  using enum MetricId;
  const auto ended = [this](Reason reason, int64_t clients) {
    const bool is_failure =
        reason == Reason::kDeclined || reason == Reason::kFailed || reason == Reason::kNonFinite;
    const bool is_rejection = reason == Reason::kBadUpdate || reason == Reason::kConflict;
    series_.Counter(is_failure     ? kFailures
                    : is_rejection ? kRejected
                                   : kStragglers,
                    {Name(reason)})
        .Increment(static_cast<double>(clients));
  };
  const auto stage_ended = [&](std::string_view outcome) {
    series_.Counter(kStages, {Name(before.stage->kind), outcome}).Increment();
    if (before.stage->kind == TaskKind::kTrain) series_.Counter(kRounds, {outcome}).Increment();
  };
  if (const auto* opened = std::get_if<StageOpened>(&record)) {
    if (before.last_commit)
      series_.Histogram(kPhase, {"selecting"})
          .Observe(Seconds(opened->opened - *before.last_commit));
  } else if (!before.stage) {
    return;
  } else if (std::holds_alternative<UpdateAccepted>(record)) {
    series_.Counter(kAccepted, {Name(before.stage->kind)}).Increment();
  } else if (const auto* left = std::get_if<ClientEnded>(&record)) {
    ended(left->reason, 1);
  } else if (const auto* closed = std::get_if<StageClosed>(&record)) {
    if (before.stage->pending() > 0) ended(closed->rest, before.stage->pending());
    series_.Histogram(kPhase, {"reporting"})
        .Observe(Seconds(closed->closed - before.stage->opened));
  } else if (const auto* committed = std::get_if<StageCommitted>(&record)) {
    stage_ended("committed");
    if (before.stage->closed)
      series_.Histogram(kPhase, {"aggregating"})
          .Observe(Seconds(committed->committed - *before.stage->closed));
  } else if (const auto* abandoned = std::get_if<StageAbandoned>(&record)) {
    stage_ended(Name(abandoned->reason));
  }
}

void Metrics::Halted(const daemon::Run&, const Error& why) {
  series_.Counter(MetricId::kHalts, {CodeName(why.code)}).Increment();
}
void Metrics::Connected(const ClientId&, const proto::Hello&) {
  series_.Counter(MetricId::kConnections, {"accepted"}).Increment();
}
void Metrics::Elsewhere(const ClientId&, std::string_view, std::string_view) {
  series_.Counter(MetricId::kConnections, {"elsewhere"}).Increment();
}
void Metrics::Disconnected(const ClientId&) {
  series_.Counter(MetricId::kDisconnections).Increment();
}
void Metrics::Refused(const ClientId&, const Error&) {
  series_.Counter(MetricId::kConnections, {"refused"}).Increment();
}

// --- what is ---

std::string Metrics::Render(const daemon::Federation& federation, const Readings& readings) {
  using enum MetricId;
  series_.RaiseTo(kUploadBytes, readings.bytes_received);
  series_.RaiseTo(kDownloadBytes, readings.bytes_sent);
  for (const auto& [reason, count] : readings.refused) series_.RaiseTo(kRefused, count, {reason});
  http::Gauges gauges(MetricTable());
  gauges.Set(kBuildInfo, {kVersion, kNumerics}, 1);
  gauges.Set(kStartTime, {}, started_);
  gauges.Set(kSpooledBytes, {}, static_cast<double>(readings.upload_bytes_spooled));
  for (const auto& [queue, depth] : readings.queues)
    gauges.Set(kQueueDepth, {queue}, static_cast<double>(depth));
  std::map<std::string_view, int64_t> clients, phases;
  for (const std::string_view state : daemon::kClientStates) clients[state] = 0;
  for (const std::string_view phase : daemon::kPhases) phases[phase] = 0;
  for (const auto& [name, client] : federation.registry().clients())
    ++clients[daemon::StateOf(federation, name, client)];
  for (const auto& [id, run] : federation.runs()) {
    ++phases[daemon::PhaseOf(*run)];
    AddRun(*run, gauges);
  }
  for (const auto& [state, count] : clients)
    gauges.Set(kClients, {state}, static_cast<double>(count));
  for (const auto& [phase, count] : phases) gauges.Set(kRuns, {phase}, static_cast<double>(count));
  return gauges.Render(series_.Collect());
}

void Metrics::AddRun(const daemon::Run& run, http::Gauges& gauges) {
  using enum MetricId;
  const std::string& id = run.setup().id.value;
  Known& known = runs_[run.setup().id];
  if (run.late() > known.late)
    series_.Counter(kRejected, {Name(Reason::kLate)})
        .Increment(static_cast<double>(run.late() - known.late));
  known.late = run.late();  // it begins anew where a run was halted
  if (run.is_finished()) return;
  const auto set = [&](MetricId metric, const http::LabelValues& labels,
                       std::optional<double> value) {
    if (value) gauges.Set(metric, labels, *value);
  };
  const RunFigures& figures = known.figures;
  gauges.Set(kRunPhase, {id, daemon::PhaseOf(run)}, 1);
  const auto rounds = run.setup().config.federation.rounds;
  gauges.Set(kRunRounds, {id}, static_cast<double>(rounds));
  const double pending = figures.stage ? static_cast<double>(figures.stage->pending()) : 0;
  gauges.Set(kRunPending, {id}, pending);
  set(kRunAccuracy, {id, "clients"}, figures.accuracy_on_clients);
  set(kRunAccuracy, {id, "public"}, figures.accuracy_on_public);
  set(kRunLoss, {id, "clients"}, figures.loss_on_clients);
  set(kRunLoss, {id, "public"}, figures.loss_on_public);
  set(kRunLoss, {id, "training"}, figures.train_loss);
  set(kRunAveragingError, {id}, figures.averaging_error);
  const TimePoint commit = figures.last_commit.value_or(run.setup().submitted);
  gauges.Set(kRunLastCommit, {id}, Seconds(commit.since_epoch));
  const State* state = run.state();
  if (state == nullptr) return;  // halted
  gauges.Set(kRunRound, {id}, static_cast<double>(std::min<int64_t>(state->round, rounds)));
  if (!known.epsilon || known.charged != state->charged)
    known.epsilon = Epsilon(run.setup(), known.charged = state->charged);
  set(kRunEpsilon, {id}, known.epsilon);
}

}  // namespace tributary::monitor
