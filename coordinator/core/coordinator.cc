// Recovery, and what time and state imply; coordinator_events.cc has the events.
#include "coordinator/core/coordinator.h"

#include <algorithm>
#include <utility>

namespace tributary::coordinator {
namespace {

Duration Backoff(const RunPlan& plan, int64_t tries) {
  Duration wait = plan.backoff;
  for (int64_t i = 0; i < tries && wait < plan.max_backoff; ++i) wait += wait;
  return std::min(wait, plan.max_backoff);
}

}  // namespace

FinishAggregate AggregateOf(const Stage& stage) {
  FinishAggregate command{stage.task, {}};
  for (const Member& member : stage.members)
    if (member.outcome == Reason::kAccepted)
      command.updates.push_back({member.client, member.digest, member.weight});
  return command;
}

Result<Coordinator> Coordinator::Recover(RunPlan plan, std::span<const Record> records,
                                         TimePoint now) {
  if (const auto faults = plan.Faults(); !faults.empty()) {
    return InvalidArgument("run plan: {}", fmt::join(faults, "; "));
  }
  Coordinator core(std::move(plan));
  for (size_t i = 0; i < records.size(); ++i) {
    if (auto status = core.state_.Apply(core.plan_, records[i]); !status.has_value()) {
      return Annotate(std::move(status).error(), fmt::format("record {}", i));
    }
  }
  const State& state = core.state_;
  if (std::holds_alternative<Idle>(state.phase)) return core;

  core.Ask(PublishCheckpoint{state.checkpoint, state.checkpoint_round});
  const Stage* open = state.OpenStage();
  core.Ask(DiscardUploads{open == nullptr ? state.sequence + 1 : open->task.sequence});
  if (const auto* finished = std::get_if<Finished>(&state.phase)) {
    const Score kept = state.Kept(core.plan_);
    core.Ask(FinishRun{finished->reason, kept.checkpoint, kept.round});
  }
  if (const Stage* stage = core.ReportingStage()) {
    core.not_closed_before_ = now + core.plan_.grace;
    for (const Member& member : stage->members) {
      if (member.outcome == Reason::kPending) core.Away(now, member.client);
    }
  }
  core.Continue(now);
  return core;
}

Ready Coordinator::TakeReady() { return std::exchange(ready_, {}); }

std::optional<TimePoint> Coordinator::NextDeadline() const {
  if (const Stage* stage = ReportingStage()) {
    const TimePoint deadline = Deadline(*stage);
    return losses_.empty() ? deadline : std::min(deadline, losses_.front().first);
  }
  const auto* selecting = std::get_if<Selecting>(&state_.phase);
  const bool is_backing_off = selecting != nullptr && !state_.paused && selecting->tries > 0;
  if (is_backing_off && selecting->not_before > now_) return selecting->not_before;
  return std::nullopt;
}

// --- what time and state imply ---

void Coordinator::Continue(TimePoint now) {
  now_ = now;
  bool has_moved = true;
  while (has_moved) {
    if (std::holds_alternative<Selecting>(state_.phase)) {
      has_moved = ContinueSelecting(now);
    } else if (std::holds_alternative<Reporting>(state_.phase)) {
      has_moved = ContinueReporting(now);
    } else {
      has_moved = std::holds_alternative<Aggregating>(state_.phase) && ContinueAggregating(now);
    }
  }
}

std::optional<Reason> Coordinator::WhyFinished() const {
  const std::optional<TaskKind> kind = state_.NextTask(plan_);
  if (!kind) return Reason::kComplete;
  if (plan_.patience > 0 && state_.since_best >= plan_.patience) return Reason::kEarlyStop;
  if (IsCharged(plan_, *kind) && state_.charged >= plan_.privacy->max_charged) {
    return Reason::kBudgetSpent;
  }
  return std::nullopt;
}

bool Coordinator::ContinueSelecting(TimePoint now) {
  if (const std::optional<Reason> reason = WhyFinished()) {
    Emit(RunFinished{*reason});
    const Score kept = state_.Kept(plan_);
    Ask(FinishRun{*reason, kept.checkpoint, kept.round});
    return true;
  }
  const auto& selecting = std::get<Selecting>(state_.phase);
  if (state_.paused) return false;
  if (selecting.tries >= plan_.max_attempts) {
    Emit(RunPaused{Reason::kRetriesExhausted});
    return true;
  }
  if (selecting.tries > 0 && now < selecting.not_before) return false;
  return OpenStage(now, *state_.NextTask(plan_));
}

bool Coordinator::OpenStage(TimePoint now, TaskKind kind) {
  const int64_t attempt = std::get<Selecting>(state_.phase).attempt;
  StageOpened opened;
  opened.sequence = state_.sequence + 1;
  opened.round = state_.round;
  opened.kind = kind;
  opened.attempt = attempt;
  opened.minimum = std::max<int64_t>(plan_.minimum, 1);
  opened.opened = now;
  opened.deadline = now + plan_.deadline;
  if (Traits(kind).is_designated) {
    if (!designated_connected_) return false;
    opened.cohort = {*plan_.designated};
    opened.minimum = 1;
  } else if (kind == TaskKind::kTrain) {
    auto cohort = population_.DrawCohort(plan_, state_.round, attempt);
    if (!cohort) return false;
    opened.cohort = *std::move(cohort);
    opened.minimum = plan_.minimum;
  } else {  // statistics and evaluations ask everybody who is there
    if (population_.connected() < opened.minimum) return false;
    opened.cohort = population_.Connected();
  }
  opened.target = static_cast<int64_t>(opened.cohort.size());
  if (kind == TaskKind::kTrain && plan_.cohort) {
    opened.target = std::min(opened.target, *plan_.cohort);
  }

  away_.clear();
  losses_.clear();
  not_closed_before_ = {};
  Emit(std::move(opened));
  const Stage& stage = *ReportingStage();
  for (const Member& member : stage.members) {
    if (member.client == plan_.designated || population_.IsConnected(member.client)) {
      Ask(SendTask{member.client, stage.task});
    } else {
      Away(now, member.client);
    }
  }
  return true;
}

bool Coordinator::ContinueReporting(TimePoint now) {
  EndLostClients(now);
  const Stage& stage = *ReportingStage();
  if (stage.pending == 0 || stage.accepted >= stage.target) {
    CloseStage(now, Reason::kLate);
  } else if (now >= Deadline(stage)) {
    CloseStage(now, Reason::kDeadline);
  } else {
    return false;
  }
  return true;
}

void Coordinator::EndLostClients(TimePoint now) {
  while (!losses_.empty()) {
    const auto [when, client] = losses_.front();
    const auto it = away_.find(client);
    const bool is_outdated = it == away_.end() || it->second != when;
    if (!is_outdated && now < when) return;
    losses_.pop_front();
    if (!is_outdated) EndClient(*ReportingStage(), client, Reason::kDroppedOut);
  }
}

bool Coordinator::ContinueAggregating(TimePoint now) {
  const Stage& stage = std::get<Aggregating>(state_.phase).stage;
  if (stage.accepted < stage.minimum) {
    AbandonStage(now, Reason::kBelowMinimum);
    return true;
  }
  if (asked_aggregate_ == stage.task.sequence) return false;
  asked_aggregate_ = stage.task.sequence;
  Ask(AggregateOf(stage));
  return false;
}

void Coordinator::CloseStage(TimePoint now, Reason rest) {
  const Stage& stage = *ReportingStage();
  const int64_t sequence = stage.task.sequence;
  for (const Member& member : stage.members) {
    if (member.outcome == Reason::kPending) Ask(Dismiss{member.client, sequence, rest});
  }
  away_.clear();
  losses_.clear();
  Emit(StageClosed{sequence, now, rest});
}

void Coordinator::AbandonStage(TimePoint now, Reason reason) {
  const Stage& stage = std::get<Aggregating>(state_.phase).stage;
  const int64_t sequence = stage.task.sequence;
  Emit(StageAbandoned{sequence, reason, now + Backoff(plan_, stage.tries),
                      IsCharged(plan_, stage.task.kind)});
  Ask(DiscardUploads{sequence + 1});
}

// Whatever stage is open.
void Coordinator::BreakOff(TimePoint now, Reason reason) {
  if (ReportingStage() != nullptr) CloseStage(now, reason);
  if (std::holds_alternative<Aggregating>(state_.phase)) AbandonStage(now, reason);
}

void Coordinator::Stop(TimePoint now) {
  BreakOff(now, Reason::kOperator);
  Emit(RunFinished{Reason::kOperator});
  const Score kept = state_.Kept(plan_);
  Ask(FinishRun{Reason::kOperator, kept.checkpoint, kept.round});
}

// --- small things ---

void Coordinator::Away(TimePoint now, const ClientId& client) {
  const TimePoint lost = now + plan_.grace;
  if (!away_.emplace(client, lost).second) return;
  losses_.emplace_back(lost, client);
}

void Coordinator::Back(const ClientId& client) { away_.erase(client); }

const Stage* Coordinator::ReportingStage() const {
  const auto* reporting = std::get_if<Reporting>(&state_.phase);
  return reporting == nullptr ? nullptr : &reporting->stage;
}

TimePoint Coordinator::Deadline(const Stage& stage) const {
  return std::max(stage.task.deadline, not_closed_before_);
}

void Coordinator::Emit(Record record) {
  const Status status = state_.Apply(plan_, record);
  TRIBUTARY_CHECK(status.has_value(), status.has_value() ? "" : status.error().message);
  ready_.records.push_back(std::move(record));
}

}  // namespace tributary::coordinator
