#pragma once
// What is durable of a run: every decision of the coordinator, in order. A record's name, field
// names and meaning never change; README.md has the journal's rules.
// `Fields` lists the fields once, for everything that reads, writes or compares them.

#include <variant>
#include <vector>

#include "aggregation/base/task.h"

namespace tributary::coordinator {

struct RunStarted {
  static constexpr std::string_view kName = "run_started";
  Digest plan;
  bool operator==(const RunStarted&) const = default;
  static void Fields(auto& r, auto&& f) { f("plan", r.plan); }
};

// A stage (one task kind of one round) begins, or begins again with a higher attempt.
struct StageOpened {
  static constexpr std::string_view kName = "stage_opened";
  int64_t sequence = 0;  // of stage attempts in this run, from 1
  int64_t round = 0;
  TaskKind kind = TaskKind::kTrain;
  int64_t attempt = 0;
  int64_t target = 0;   // accepted updates that are enough
  int64_t minimum = 0;  // accepted updates below which it is abandoned
  TimePoint opened;
  TimePoint deadline;
  std::vector<ClientId> cohort;  // sorted
  bool operator==(const StageOpened&) const = default;
  static void Fields(auto& r, auto&& f) {
    f("sequence", r.sequence), f("round", r.round), f("kind", r.kind), f("attempt", r.attempt);
    f("target", r.target), f("minimum", r.minimum), f("opened", r.opened);
    f("deadline", r.deadline), f("cohort", r.cohort);
  }
};

// What a client said of its program; before the first update that counts on it, and when it
// changes. Equal bytes are promised within one `numerics` and device.
struct ClientDescribed {
  static constexpr std::string_view kName = "client_described";
  ClientId client;
  std::string program, numerics, torch, device, instruction_set;
  bool operator==(const ClientDescribed&) const = default;
  static void Fields(auto& r, auto&& f) {
    f("client", r.client), f("program", r.program), f("numerics", r.numerics);
    f("torch", r.torch), f("device", r.device), f("instruction_set", r.instruction_set);
  }
};

// Once this is durable the update may be acknowledged, and it will be aggregated.
struct UpdateAccepted {
  static constexpr std::string_view kName = "update_accepted";
  int64_t sequence = 0;
  ClientId client;
  Digest digest;
  int64_t weight = 0;  // capped
  std::vector<Metric> metrics;
  TimePoint at;
  bool operator==(const UpdateAccepted&) const = default;
  static void Fields(auto& r, auto&& f) {
    f("sequence", r.sequence), f("client", r.client), f("digest", r.digest);
    f("weight", r.weight), f("metrics", r.metrics), f("at", r.at);
  }
};

struct ClientEnded {
  static constexpr std::string_view kName = "client_ended";
  int64_t sequence = 0;
  ClientId client;
  Reason reason = Reason::kPending;
  TimePoint at;
  bool operator==(const ClientEnded&) const = default;
  static void Fields(auto& r, auto&& f) {
    f("sequence", r.sequence), f("client", r.client), f("reason", r.reason), f("at", r.at);
  }
};

// The accepted set is final; whoever has not ended yet ends with `rest`.
struct StageClosed {
  static constexpr std::string_view kName = "stage_closed";
  int64_t sequence = 0;
  TimePoint closed;
  Reason rest = Reason::kPending;
  bool operator==(const StageClosed&) const = default;
  static void Fields(auto& r, auto&& f) {
    f("sequence", r.sequence), f("closed", r.closed), f("rest", r.rest);
  }
};

struct StageCommitted {
  static constexpr std::string_view kName = "stage_committed";
  int64_t sequence = 0;
  TimePoint committed;
  Digest digest;     // the next checkpoint, or the result of an evaluation
  int64_t rows = 0;  // evaluations only
  int64_t correct = 0;
  bool is_charged = false;  // one privacy event
  std::vector<Metric> metrics;
  bool operator==(const StageCommitted&) const = default;
  static void Fields(auto& r, auto&& f) {
    f("sequence", r.sequence), f("committed", r.committed), f("digest", r.digest);
    f("rows", r.rows), f("correct", r.correct), f("charged", r.is_charged);
    f("metrics", r.metrics);
  }
};

struct StageAbandoned {
  static constexpr std::string_view kName = "stage_abandoned";
  int64_t sequence = 0;
  Reason reason = Reason::kPending;
  TimePoint retry_at;
  bool is_charged = false;
  bool operator==(const StageAbandoned&) const = default;
  static void Fields(auto& r, auto&& f) {
    f("sequence", r.sequence), f("reason", r.reason), f("retry_at", r.retry_at);
    f("charged", r.is_charged);
  }
};

// No further stage opens; one that is open goes on.
struct RunPaused {
  static constexpr std::string_view kName = "run_paused";
  Reason reason = Reason::kPending;
  bool operator==(const RunPaused&) const = default;
  static void Fields(auto& r, auto&& f) { f("reason", r.reason); }
};

struct RunResumed {
  static constexpr std::string_view kName = "run_resumed";
  bool operator==(const RunResumed&) const = default;
  static void Fields(auto&, auto&&) {}
};

// Stages up to `sequence` were opened before this journal was restored from an older backup, and
// are not in it. In a private run each of them may have published something, and so may the stage
// that was open in the backup and has now been done twice: each is charged.
struct StagesLost {
  static constexpr std::string_view kName = "stages_lost";
  int64_t sequence = 0;
  int64_t charged = 0;  // privacy events
  bool operator==(const StagesLost&) const = default;
  static void Fields(auto& r, auto&& f) { f("sequence", r.sequence), f("charged", r.charged); }
};

struct RunFinished {
  static constexpr std::string_view kName = "run_finished";
  Reason reason = Reason::kPending;
  bool operator==(const RunFinished&) const = default;
  static void Fields(auto& r, auto&& f) { f("reason", r.reason); }
};

using Record =
    std::variant<RunStarted, StageOpened, ClientDescribed, UpdateAccepted, ClientEnded, StageClosed,
                 StageCommitted, StageAbandoned, RunPaused, RunResumed, StagesLost, RunFinished>;

}  // namespace tributary::coordinator
