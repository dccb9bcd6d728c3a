#pragma once
// Everything that can happen to a run. Tensors never enter: an update is a digest whose bytes the
// driver has already stored, and whose layout it has checked.

#include <variant>
#include <vector>

#include "coordinator/core/record.h"

namespace tributary::coordinator {

// Clients are authenticated by the driver. To connect implies to be enrolled.
struct PopulationChanged {
  static constexpr std::string_view kName = "population_changed";
  enum class Kind : uint8_t { kEnrolled, kConnected, kDisconnected, kRemoved };
  Kind kind = Kind::kConnected;
  std::vector<ClientId> names;
  static void Fields(auto& e, auto&& f) { f("kind", e.kind), f("names", e.names); }
};

// Said with a client's hello. A task that is not wanted any more is dismissed, so that nobody works
// for a stage that is over.
struct TaskHeld {
  static constexpr std::string_view kName = "task_held";
  ClientId client;
  int64_t sequence = 0;
  static void Fields(auto& e, auto&& f) { f("client", e.client), f("sequence", e.sequence); }
};

// Said with a client's hello; kept by the records of its next update.
struct ClientSaid {
  static constexpr std::string_view kName = "client_said";
  ClientDescribed description;
  static void Fields(auto& e, auto&& f) { ClientDescribed::Fields(e.description, f); }
};

// Said with a client's hello: the newest stage of this run that it has had a task of. One that is
// newer than all that are known means that this state was restored from an older backup: the stage
// that is open is abandoned and the run pauses. Resumed, it goes on behind that stage.
struct StageSeen {
  static constexpr std::string_view kName = "stage_seen";
  ClientId client;
  int64_t sequence = 0;
  static void Fields(auto& e, auto&& f) { f("client", e.client), f("sequence", e.sequence); }
};

struct UpdateOffered {
  static constexpr std::string_view kName = "update_offered";
  ClientId client;
  int64_t sequence = 0;
  Digest digest;
  int64_t weight = 0;
  std::vector<Metric> metrics;
  static void Fields(auto& e, auto&& f) {
    f("client", e.client), f("sequence", e.sequence), f("digest", e.digest);
    f("weight", e.weight), f("metrics", e.metrics);
  }
};

// The client, or the driver who looked at its update, ends the client's part.
struct ClientFailed {
  static constexpr std::string_view kName = "client_failed";
  ClientId client;
  int64_t sequence = 0;
  Reason reason = Reason::kFailed;  // IsClientFault
  static void Fields(auto& e, auto&& f) {
    f("client", e.client), f("sequence", e.sequence), f("reason", e.reason);
  }
};

// Answers the command FinishAggregate.
struct AggregateFinished {
  static constexpr std::string_view kName = "aggregate_finished";
  int64_t sequence = 0;
  Digest digest;
  int64_t rows = 0;  // evaluations only: the rows seen and those labelled right
  int64_t correct = 0;
  std::vector<Metric> metrics;
  static void Fields(auto& e, auto&& f) {
    f("sequence", e.sequence), f("digest", e.digest), f("rows", e.rows);
    f("correct", e.correct), f("metrics", e.metrics);
  }
};

struct AggregateFailed {
  static constexpr std::string_view kName = "aggregate_failed";
  int64_t sequence = 0;
  static void Fields(auto& e, auto&& f) { f("sequence", e.sequence); }
};

struct OperatorRequest {
  static constexpr std::string_view kName = "operator_request";
  enum class Kind : uint8_t {
    kStart,
    kPause,
    kResume,
    kStop,
    kRestored,  // this state is of a backup: breaks off and pauses a private run
  };
  Kind kind = Kind::kStart;
  static void Fields(auto& e, auto&& f) { f("kind", e.kind); }
};

struct DeadlineReached {
  static constexpr std::string_view kName = "deadline_reached";
  static void Fields(auto&, auto&&) {}
};

using Event =
    std::variant<PopulationChanged, TaskHeld, ClientSaid, StageSeen, UpdateOffered, ClientFailed,
                 AggregateFinished, AggregateFailed, OperatorRequest, DeadlineReached>;

// Limits; an event beyond one is the driver's fault and is refused.
inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxMetrics = 64;
inline constexpr int64_t kMaxLost = 1'000'000;  // stages; a client that claims more is not believed

}  // namespace tributary::coordinator
