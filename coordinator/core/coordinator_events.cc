// What each event does; coordinator.cc has what follows from time and state.
#include "coordinator/core/coordinator.h"

#include <algorithm>
#include <cmath>

namespace tributary::coordinator {
namespace {

bool AreMetricsGood(const std::vector<Metric>& metrics) {
  return metrics.size() <= kMaxMetrics &&
         std::all_of(metrics.begin(), metrics.end(), [](const Metric& metric) {
           return !metric.name.empty() && metric.name.size() <= kMaxNameBytes &&
                  std::isfinite(metric.value);
         });
}

// What a driver must never pass; looked at before anything changes.
Status Check(const PopulationChanged& event) {
  for (const ClientId& name : event.names) {
    if (name.value.empty() || name.value.size() > kMaxNameBytes) {
      return InvalidArgument("population_changed: a name of {} bytes, expected 1 to {}",
                             name.value.size(), kMaxNameBytes);
    }
  }
  return {};
}
Status Check(const ClientFailed& event) {
  if (IsClientFault(event.reason)) return {};
  return InvalidArgument("client_failed: reason {}, expected a client's fault", Name(event.reason));
}
Status Check(const AggregateFinished& event) {
  if (event.correct < 0 || event.correct > event.rows) {
    return InvalidArgument("aggregate_finished: {} of {} rows correct", event.correct, event.rows);
  }
  if (AreMetricsGood(event.metrics)) return {};
  return InvalidArgument("aggregate_finished: metrics must be at most {}, named and finite",
                         kMaxMetrics);
}
template <typename Event>
Status Check(const Event&) {
  return {};
}

}  // namespace

Status Coordinator::Step(TimePoint now, const Event& event) {
  RETURN_IF_ERROR(std::visit([](const auto& e) { return Check(e); }, event));
  // Time goes first: what comes after a deadline is late even if nobody had called yet.
  Continue(now);
  std::visit([&](const auto& e) { On(now, e); }, event);
  Continue(now);
  return {};
}

void Coordinator::On(TimePoint now, const PopulationChanged& event) {
  const bool is_there = event.kind == PopulationChanged::Kind::kConnected;
  const auto& names = event.names;
  if (plan_.designated && std::find(names.begin(), names.end(), *plan_.designated) != names.end()) {
    if (event.kind != PopulationChanged::Kind::kEnrolled) designated_connected_ = is_there;
    std::vector<ClientId> others = names;
    std::erase(others, *plan_.designated);  // who is in no drawn cohort
    ChangePopulation(event.kind, others);
  } else {
    ChangePopulation(event.kind, names);
  }
  const Stage* stage = ReportingStage();
  if (stage == nullptr) return;
  for (const ClientId& name : event.names) {
    const Member* member = stage->Find(name);
    if (member == nullptr || member->outcome != Reason::kPending) continue;
    if (is_there) {
      Back(name);
      Ask(SendTask{name, stage->task});
    } else {
      Away(now, name);
    }
  }
}

void Coordinator::ChangePopulation(PopulationChanged::Kind kind, std::span<const ClientId> names) {
  using Kind = PopulationChanged::Kind;
  switch (kind) {
    case Kind::kEnrolled:
      return population_.Enrol(names);
    case Kind::kConnected:
      return population_.Connect(names);
    case Kind::kDisconnected:
      return population_.Disconnect(names);
    case Kind::kRemoved:
      return population_.Remove(names);
  }
}

void Coordinator::On(TimePoint, const TaskHeld& event) {
  const Stage* stage = state_.OpenStage();
  const bool is_open = stage != nullptr && stage->task.sequence == event.sequence;
  const Member* member = is_open ? stage->Find(event.client) : nullptr;
  if (member == nullptr) return Ask(Dismiss{event.client, event.sequence, Reason::kLate});
  if (member->outcome == Reason::kAccepted) return Ask(Acknowledge{event.client, event.sequence});
  if (member->outcome == Reason::kPending) return;
  Ask(Dismiss{event.client, event.sequence, member->outcome});
}

void Coordinator::On(TimePoint, const ClientSaid& event) {
  said_[event.description.client] = event.description;
}

void Coordinator::On(TimePoint now, const StageSeen& event) {
  const bool is_running = !std::holds_alternative<Idle>(state_.phase) &&
                          !std::holds_alternative<Finished>(state_.phase);
  const int64_t known = std::max(state_.sequence, seen_);
  if (!is_running || event.sequence <= known || event.sequence - state_.sequence > kMaxLost) return;
  seen_ = event.sequence;
  BreakOff(now, Reason::kRolledBack);
  if (!state_.paused) Emit(RunPaused{Reason::kRolledBack});
}

void Coordinator::On(TimePoint, const UpdateOffered& event) {
  const Stage* stage = state_.OpenStage();
  if (stage == nullptr || event.sequence != stage->task.sequence) {
    const bool is_over = event.sequence <= state_.sequence;
    return Refuse(event.client, event.sequence, is_over ? Reason::kLate : Reason::kNotSelected);
  }
  const Member* member = stage->Find(event.client);
  if (member == nullptr) return Refuse(event.client, event.sequence, Reason::kNotSelected);
  if (member->outcome == Reason::kAccepted) {
    if (member->digest == event.digest) return Ask(Acknowledge{event.client, event.sequence});
    return Refuse(event.client, event.sequence, Reason::kConflict);
  }
  if (member->outcome != Reason::kPending) {
    return Refuse(event.client, event.sequence, member->outcome);
  }
  if (event.weight < 1 || !AreMetricsGood(event.metrics)) {
    return EndClient(*stage, event.client, Reason::kBadUpdate);
  }
  Back(event.client);
  if (const auto said = said_.find(event.client); said != said_.end()) {
    const auto known = state_.described.find(event.client);
    if (known == state_.described.end() || known->second != said->second) Emit(said->second);
    said_.erase(said);
  }
  Emit(UpdateAccepted{event.sequence, event.client, event.digest,
                      std::min(event.weight, plan_.max_weight),
                      plan_.privacy ? std::vector<Metric>{} : event.metrics, now_});
  Ask(Acknowledge{event.client, event.sequence});
}

void Coordinator::On(TimePoint, const ClientFailed& event) {
  const Stage* stage = ReportingStage();
  const Member* member = stage == nullptr || event.sequence != stage->task.sequence
                             ? nullptr
                             : stage->Find(event.client);
  if (member == nullptr || member->outcome != Reason::kPending) {
    return Ask(Dismiss{event.client, event.sequence, event.reason});
  }
  EndClient(*stage, event.client, event.reason);
}

void Coordinator::On(TimePoint now, const AggregateFinished& event) {
  const auto* aggregating = std::get_if<Aggregating>(&state_.phase);
  if (aggregating == nullptr || aggregating->stage.task.sequence != event.sequence) return;
  const TaskKind kind = aggregating->stage.task.kind;
  Emit(StageCommitted{event.sequence, now, event.digest, event.rows, event.correct,
                      IsCharged(plan_, kind), event.metrics});
  if (Traits(kind).changes_checkpoint) {
    Ask(PublishCheckpoint{state_.checkpoint, state_.checkpoint_round});
  }
  Ask(DiscardUploads{event.sequence + 1});
}

void Coordinator::On(TimePoint now, const AggregateFailed& event) {
  const auto* aggregating = std::get_if<Aggregating>(&state_.phase);
  if (aggregating == nullptr || aggregating->stage.task.sequence != event.sequence) return;
  AbandonStage(now, Reason::kAggregateFailed);
}

void Coordinator::On(TimePoint now, const OperatorRequest& event) {
  const bool is_idle = std::holds_alternative<Idle>(state_.phase);
  const bool is_running = !is_idle && !std::holds_alternative<Finished>(state_.phase);
  switch (event.kind) {
    case OperatorRequest::Kind::kStart:
      if (!is_idle) return;
      Emit(RunStarted{plan_.digest});
      return Ask(PublishCheckpoint{state_.checkpoint, state_.checkpoint_round});
    case OperatorRequest::Kind::kPause:
      if (is_running && !state_.paused) Emit(RunPaused{Reason::kOperator});
      return;
    case OperatorRequest::Kind::kResume:
      if (!state_.paused) return;
      if (const int64_t lost = seen_ - state_.sequence; lost > 0)
        Emit(StagesLost{seen_, plan_.privacy ? lost + 1 : 0});
      Emit(RunResumed{});
      return;
    case OperatorRequest::Kind::kRestored:
      if (!is_running || !plan_.privacy) return;
      BreakOff(now, Reason::kRolledBack);
      if (!state_.paused) Emit(RunPaused{Reason::kRolledBack});
      return;
    case OperatorRequest::Kind::kStop:
      if (is_running) Stop(now);
      return;
  }
}

void Coordinator::On(TimePoint, const DeadlineReached&) {}

void Coordinator::EndClient(const Stage& stage, const ClientId& client, Reason reason) {
  const int64_t sequence = stage.task.sequence;
  const ClientId name = client;  // the argument may live in what Emit or Back changes
  Back(name);
  Emit(ClientEnded{sequence, name, reason, now_});
  Ask(Dismiss{name, sequence, reason});
}

void Coordinator::Refuse(const ClientId& client, int64_t sequence, Reason reason) {
  ++refused_offers_;
  Ask(Dismiss{client, sequence, reason});
}

}  // namespace tributary::coordinator
