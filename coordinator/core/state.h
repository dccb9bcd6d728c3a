#pragma once
// The durable state of a run: what its records say, and nothing else. Live steps and recovery both
// go through Apply, so a state that cannot be recovered cannot be reached.

#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "coordinator/core/record.h"
#include "coordinator/core/run_plan.h"

namespace tributary::coordinator {

struct Member {
  ClientId client;
  Reason outcome = Reason::kPending;
  int64_t weight = 0;  // when accepted
  Digest digest{};     // when accepted
  bool operator==(const Member&) const = default;
};

struct Stage {
  Task task;
  int64_t tries = 0;  // as in Selecting
  int64_t target = 0;
  int64_t minimum = 0;
  int64_t accepted = 0;
  int64_t pending = 0;
  std::vector<Member> members;  // sorted by name

  const Member* Find(const ClientId& client) const;
  bool operator==(const Stage&) const = default;
};

struct Idle {
  bool operator==(const Idle&) const = default;
};
struct Selecting {  // between stages: waits for clients, or for the time to try again
  int64_t attempt = 0;
  int64_t tries = 0;  // abandoned since the run last started or resumed
  TimePoint not_before;
  bool operator==(const Selecting&) const = default;
};
struct Reporting {  // tasks are out, updates come in
  Stage stage;
  bool operator==(const Reporting&) const = default;
};
struct Aggregating {  // the accepted set is final
  Stage stage;
  bool operator==(const Aggregating&) const = default;
};
struct Finished {
  Reason reason = Reason::kPending;
  bool operator==(const Finished&) const = default;
};
using Phase = std::variant<Idle, Selecting, Reporting, Aggregating, Finished>;

// A checkpoint with its accuracy on held-out rows of clients.
struct Score {
  Digest checkpoint;
  int64_t round = 0;
  int64_t rows = 0;
  int64_t correct = 0;
  bool IsBetterThan(const Score& other) const;  // exact: correct / rows compared as fractions
  bool operator==(const Score&) const = default;
};

struct State {
  Phase phase;
  std::optional<Reason> paused;
  int64_t round = 0;     // of the stage that is open or comes next
  size_t position = 0;   // in TasksOfRound(round)
  int64_t sequence = 0;  // of the newest stage
  Digest checkpoint;
  int64_t checkpoint_round = 0;
  int64_t charged = 0;    // privacy events
  int64_t abandoned = 0;  // stages
  std::map<ClientId, ClientDescribed> described;
  std::optional<Score> best;
  int64_t since_best = 0;  // evaluations on clients

  // Fails, changing nothing, when the record cannot follow what was before.
  Status Apply(const RunPlan& plan, const Record& record);

  const Stage* OpenStage() const;  // the one being reported or aggregated
  std::optional<TaskKind> NextTask(const RunPlan& plan) const;  // none: all rounds are done
  // The checkpoint to keep when the run ends now.
  Score Kept(const RunPlan& plan) const;
  bool operator==(const State&) const = default;
};

// Whether a stage costs a privacy event, however it ends.
inline bool IsCharged(const RunPlan& plan, TaskKind kind) {
  return plan.privacy.has_value() && kind == TaskKind::kTrain;
}

}  // namespace tributary::coordinator
