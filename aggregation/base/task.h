#pragma once
// The words that both ends of a federation share about a task: what is asked, and how it ended.
// Names are part of the journal, of files, of metrics and of the wire: they never change.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/base/digest.h"
#include "aggregation/base/ids.h"

namespace tributary {

// What a client is asked to do. Every kind travels and folds in the same way.
enum class TaskKind : uint8_t {
  kTrain,           // train the adapter; the update is weighted
  kFeatureMoments,  // sums over the client's rows that solve for a starting head
  kGradientSum,     // summed gradient of the adapted weights
  kEvaluate,        // rows, correct and losses over rows held out at the client
  kPublicGradient,  // the gradient sum over public data that a designated client holds
  kPublicEvaluate,  // the evaluation over public test rows that a designated client holds
};
inline constexpr int kTaskKinds = 6;

struct TaskTraits {
  std::string_view name;
  bool changes_checkpoint;  // its aggregate is the next checkpoint
  bool is_start_statistic;  // may be asked for before the first round
  bool is_designated;       // only the designated client does it
};
const TaskTraits& Traits(TaskKind kind);
inline std::string_view Name(TaskKind kind) { return Traits(kind).name; }
std::optional<TaskKind> TaskKindFromName(std::string_view name);

// How a client's part, a stage or a run ended, or why a run pauses: one closed enumeration.
enum class Reason : uint8_t {
  kPending,       // not ended yet
  kAccepted,      // the update counts
  kLate,          // enough others were sooner, or the stage was over
  kDeadline,      // no update by the deadline
  kDroppedOut,    // gone, and not back within the grace
  kDeclined,      // the site's policy refused the task
  kFailed,        // the client could not do the task
  kNonFinite,     // a loss or a tensor was not finite
  kBadUpdate,     // wrong layout, size, digest, weight or metric
  kConflict,      // a second update that differs from the accepted one
  kNotSelected,   // not in the cohort
  kComplete,      // all that was asked for is there
  kBelowMinimum,  // too few updates to commit
  kAggregateFailed,
  kRetriesExhausted,
  kBudgetSpent,  // the next training round would overspend the privacy budget
  kEarlyStop,    // no better held-out accuracy for a while
  kOperator,     // somebody asked for it
  kRolledBack,   // clients have seen stages that the coordinator, restored from a backup, has not
};
inline constexpr int kReasons = 19;

std::string_view Name(Reason reason);
std::optional<Reason> ReasonFromName(std::string_view name);

// The reasons with which a client may end its own part.
constexpr bool IsClientFault(Reason reason) {
  return reason == Reason::kDeclined || reason == Reason::kFailed || reason == Reason::kNonFinite ||
         reason == Reason::kBadUpdate;
}

// A number that travels with an update or an aggregate; carried and journalled, never decided on.
struct Metric {
  std::string name;
  double value = 0;
  static void Fields(auto& m, auto&& f) { f("name", m.name), f("value", m.value); }
  bool operator==(const Metric&) const = default;
};

struct Task {
  int64_t sequence = 0;  // names the stage and its attempt; grows over the whole run
  TaskKind kind = TaskKind::kTrain;
  int64_t round = 0;    // 0 is the start
  int64_t attempt = 0;  // of this stage, from 0
  Digest checkpoint;    // what to start from
  TimePoint deadline;
  // In the order that the journals have.
  static void Fields(auto& t, auto&& f) {
    f("sequence", t.sequence), f("kind", t.kind), f("round", t.round), f("attempt", t.attempt);
    f("checkpoint", t.checkpoint), f("deadline", t.deadline);
  }
  bool operator==(const Task&) const = default;
};

}  // namespace tributary
