#pragma once
// What a step asks for. The driver's contract:
//   1. take the ready;  2. make its records durable, all or none;
//   3. only then carry out its commands, in order;  4. go back to the queue.
// Commands may be repeated after a crash, so each must be idempotent.

#include <variant>
#include <vector>

#include "coordinator/core/record.h"

namespace tributary::coordinator {

struct SendTask {
  static constexpr std::string_view kName = "send_task";
  ClientId client;
  Task task;
  static void Fields(auto& c, auto&& f) { f("client", c.client), Task::Fields(c.task, f); }
};

// The update is durable and counts; the client may forget it.
struct Acknowledge {
  static constexpr std::string_view kName = "acknowledge";
  ClientId client;
  int64_t sequence = 0;
  static void Fields(auto& c, auto&& f) { f("client", c.client), f("sequence", c.sequence); }
};

// The client's part in this stage is over; it stops and waits for the next task.
struct Dismiss {
  static constexpr std::string_view kName = "dismiss";
  ClientId client;
  int64_t sequence = 0;
  Reason reason = Reason::kPending;
  static void Fields(auto& c, auto&& f) {
    f("client", c.client), f("sequence", c.sequence), f("reason", c.reason);
  }
};

struct AcceptedUpdate {
  ClientId client;
  Digest digest;
  int64_t weight = 0;
  bool operator==(const AcceptedUpdate&) const = default;
};

// Fold the updates in the given order, which is that of the clients' names, and answer with
// AggregateFinished or AggregateFailed. A result that was not committed must not be seen outside.
struct FinishAggregate {
  static constexpr std::string_view kName = "finish_aggregate";
  Task task;
  std::vector<AcceptedUpdate> updates;
  static void Fields(auto& c, auto&& f) {
    f("sequence", c.task.sequence), f("kind", c.task.kind), f("round", c.task.round);
    f("checkpoint", c.task.checkpoint), f("updates", c.updates);
  }
};

struct PublishCheckpoint {
  static constexpr std::string_view kName = "publish_checkpoint";
  Digest digest;
  int64_t round = 0;
  static void Fields(auto& c, auto&& f) { f("digest", c.digest), f("round", c.round); }
};

// Whatever clients sent for stages before this sequence number is not needed any more.
struct DiscardUploads {
  static constexpr std::string_view kName = "discard_uploads";
  int64_t before = 0;
  static void Fields(auto& c, auto&& f) { f("before", c.before); }
};

struct FinishRun {
  static constexpr std::string_view kName = "finish_run";
  Reason reason = Reason::kPending;
  Digest checkpoint;  // the one to keep: the last or the best
  int64_t round = 0;
  static void Fields(auto& c, auto&& f) {
    f("reason", c.reason), f("checkpoint", c.checkpoint), f("round", c.round);
  }
};

using Command = std::variant<SendTask, Acknowledge, Dismiss, FinishAggregate, PublishCheckpoint,
                             DiscardUploads, FinishRun>;

struct Ready {
  std::vector<Record> records;
  std::vector<Command> commands;
  bool empty() const { return records.empty() && commands.empty(); }
};

}  // namespace tributary::coordinator
