#include "coordinator/core/state.h"

#include <algorithm>

#include "coordinator/core/event.h"

namespace tributary::coordinator {
namespace {

tl::unexpected<Error> Illegal(std::string_view record, std::string_view why) {
  return MakeError(Code::kDataLoss, "{}: {}", record, why);
}

Member* FindMember(Stage& stage, const ClientId& client) {
  return const_cast<Member*>(stage.Find(client));
}

// Changes a state by one record; each overload validates first, then mutates.
class Applier {
 public:
  Applier(const RunPlan& plan, State& state) : plan_(plan), state_(state) {}

  Status operator()(const RunStarted& r) {
    if (!std::holds_alternative<Idle>(state_.phase)) return Illegal(r.kName, "the run has started");
    if (r.plan != plan_.digest) {
      return MakeError(Code::kFailedPrecondition, "run_started: plan {}, expected {}", r.plan.Hex(),
                       plan_.digest.Hex());
    }
    state_.checkpoint = plan_.start_checkpoint;
    if (plan_.TasksOfRound(0).empty()) state_.round = 1;
    state_.phase = Selecting{};
    return {};
  }

  Status operator()(const StageOpened& r) {
    const auto* selecting = std::get_if<Selecting>(&state_.phase);
    if (selecting == nullptr) return Illegal(r.kName, "no stage is due");
    if (state_.NextTask(plan_) != r.kind || r.round != state_.round ||
        r.attempt != selecting->attempt || r.sequence != state_.sequence + 1) {
      return Illegal(r.kName, "not the stage that is due");
    }
    const auto size = static_cast<int64_t>(r.cohort.size());
    const bool is_sorted = std::adjacent_find(r.cohort.begin(), r.cohort.end(),
                                              std::greater_equal<>()) == r.cohort.end();
    if (!is_sorted || r.target < 0 || r.target > size || r.minimum < 0) {
      return Illegal(r.kName, "cohort, target and minimum do not agree");
    }
    if (IsCharged(plan_, r.kind) && state_.charged >= plan_.privacy->max_charged) {
      return Illegal(r.kName, "the privacy budget is spent");
    }
    Stage stage;
    stage.task = {r.sequence, r.kind, r.round, r.attempt, state_.checkpoint, r.deadline};
    stage.tries = selecting->tries;
    stage.target = r.target;
    stage.minimum = r.minimum;
    stage.pending = size;
    stage.members.reserve(r.cohort.size());
    for (const ClientId& client : r.cohort) stage.members.push_back({.client = client});
    state_.sequence = r.sequence;
    state_.phase = Reporting{std::move(stage)};
    return {};
  }

  Status operator()(const ClientDescribed& r) {
    if (state_.OpenStage() == nullptr) return Illegal(r.kName, "no stage is open");
    state_.described[r.client] = r;
    return {};
  }

  Status operator()(const UpdateAccepted& r) {
    ASSIGN_OR_RETURN(Member * member, PendingMember(r.kName, r.sequence, r.client));
    if (r.weight < 1 || r.weight > plan_.max_weight) return Illegal(r.kName, "weight out of range");
    Stage& stage = std::get<Reporting>(state_.phase).stage;
    member->outcome = Reason::kAccepted;
    member->weight = r.weight;
    member->digest = r.digest;
    ++stage.accepted;
    --stage.pending;
    return {};
  }

  Status operator()(const ClientEnded& r) {
    ASSIGN_OR_RETURN(Member * member, PendingMember(r.kName, r.sequence, r.client));
    if (r.reason != Reason::kDroppedOut && !IsClientFault(r.reason)) {
      return Illegal(r.kName, "not a reason for a client to end");
    }
    member->outcome = r.reason;
    --std::get<Reporting>(state_.phase).stage.pending;
    return {};
  }

  Status operator()(const StageClosed& r) {
    auto* reporting = std::get_if<Reporting>(&state_.phase);
    if (reporting == nullptr || reporting->stage.task.sequence != r.sequence) {
      return Illegal(r.kName, "the stage is not open");
    }
    Stage stage = std::move(reporting->stage);
    for (Member& member : stage.members) {
      if (member.outcome == Reason::kPending) member.outcome = r.rest;
    }
    stage.pending = 0;
    state_.phase = Aggregating{std::move(stage)};
    return {};
  }

  Status operator()(const StageCommitted& r) {
    ASSIGN_OR_RETURN(const Stage* stage, ClosedStage(r.kName, r.sequence, r.is_charged));
    if (stage->accepted < stage->minimum) return Illegal(r.kName, "below the minimum");
    if (r.correct < 0 || r.correct > r.rows) return Illegal(r.kName, "more rows right than seen");
    if (r.is_charged) ++state_.charged;
    if (Traits(stage->task.kind).changes_checkpoint) {
      state_.checkpoint = r.digest;
      state_.checkpoint_round = stage->task.round;
    }
    if (stage->task.kind == TaskKind::kEvaluate) Judge(r);
    if (++state_.position >= plan_.TasksOfRound(state_.round).size()) {
      state_.position = 0;
      ++state_.round;
    }
    state_.phase = Selecting{};
    return {};
  }

  Status operator()(const StageAbandoned& r) {
    ASSIGN_OR_RETURN(const Stage* stage, ClosedStage(r.kName, r.sequence, r.is_charged));
    if (r.is_charged) ++state_.charged;
    ++state_.abandoned;
    state_.phase = Selecting{stage->task.attempt + 1, stage->tries + 1, r.retry_at};
    return {};
  }

  Status operator()(const RunPaused& r) {
    if (state_.paused || !IsRunning()) return Illegal(r.kName, "the run does not go on");
    state_.paused = r.reason;
    return {};
  }

  Status operator()(const RunResumed& r) {
    if (!state_.paused) return Illegal(r.kName, "the run is not paused");
    state_.paused.reset();
    if (auto* selecting = std::get_if<Selecting>(&state_.phase)) selecting->tries = 0;
    return {};
  }

  Status operator()(const StagesLost& r) {
    if (!std::holds_alternative<Selecting>(state_.phase))
      return Illegal(r.kName, "the run is not between two stages");
    const int64_t lost = r.sequence - state_.sequence;
    if (lost < 1 || lost > kMaxLost) return Illegal(r.kName, "the stages are known");
    if (r.charged != (plan_.privacy ? lost + 1 : 0))
      return Illegal(r.kName, "the privacy events are not what the plan says");
    state_.sequence = r.sequence;
    state_.charged += r.charged;
    return {};
  }

  Status operator()(const RunFinished& r) {
    if (!std::holds_alternative<Selecting>(state_.phase)) {
      return Illegal(r.kName, "the run is not between two stages");
    }
    state_.paused.reset();
    state_.phase = Finished{r.reason};
    return {};
  }

 private:
  bool IsRunning() const {
    return !std::holds_alternative<Idle>(state_.phase) &&
           !std::holds_alternative<Finished>(state_.phase);
  }

  Result<Member*> PendingMember(std::string_view record, int64_t sequence, const ClientId& client) {
    auto* reporting = std::get_if<Reporting>(&state_.phase);
    if (reporting == nullptr || reporting->stage.task.sequence != sequence) {
      return Illegal(record, "the stage is not open");
    }
    Member* member = FindMember(reporting->stage, client);
    if (member == nullptr) return Illegal(record, "the client is not in the cohort");
    if (member->outcome != Reason::kPending) return Illegal(record, "the client has ended");
    return member;
  }

  Result<const Stage*> ClosedStage(std::string_view record, int64_t sequence, bool is_charged) {
    const auto* aggregating = std::get_if<Aggregating>(&state_.phase);
    if (aggregating == nullptr || aggregating->stage.task.sequence != sequence) {
      return Illegal(record, "the stage is not closed");
    }
    if (is_charged != IsCharged(plan_, aggregating->stage.task.kind)) {
      return Illegal(record, "the privacy event is not what the plan says");
    }
    return &aggregating->stage;
  }

  void Judge(const StageCommitted& r) {
    const Score score{state_.checkpoint, state_.checkpoint_round, r.rows, r.correct};
    const bool is_better = !state_.best || score.IsBetterThan(*state_.best);
    state_.since_best = is_better ? 0 : state_.since_best + 1;
    if (is_better) state_.best = score;
  }

  const RunPlan& plan_;
  State& state_;
};

}  // namespace

const Member* Stage::Find(const ClientId& client) const {
  const auto before = [](const Member& member, const ClientId& id) { return member.client < id; };
  const auto it = std::lower_bound(members.begin(), members.end(), client, before);
  return it != members.end() && it->client == client ? &*it : nullptr;
}

bool Score::IsBetterThan(const Score& other) const {
  if (rows == 0 || other.rows == 0) return rows > 0 && other.rows == 0;
  __extension__ using Wide = __int128;
  return static_cast<Wide>(correct) * other.rows > static_cast<Wide>(other.correct) * rows;
}

Status State::Apply(const RunPlan& plan, const Record& record) {
  return std::visit(Applier(plan, *this), record);
}

const Stage* State::OpenStage() const {
  if (const auto* reporting = std::get_if<Reporting>(&phase)) return &reporting->stage;
  if (const auto* aggregating = std::get_if<Aggregating>(&phase)) return &aggregating->stage;
  return nullptr;
}

std::optional<TaskKind> State::NextTask(const RunPlan& plan) const {
  if (round > plan.rounds) return std::nullopt;
  const std::vector<TaskKind> tasks = plan.TasksOfRound(round);
  return position < tasks.size() ? std::optional(tasks[position]) : std::nullopt;
}

Score State::Kept(const RunPlan& plan) const {
  if (plan.keep_best && best) return *best;
  return {checkpoint, checkpoint_round, 0, 0};
}

}  // namespace tributary::coordinator
