#pragma once
// The effects of a simulated run: what clients do, where they keep their records, and what the
// coordinator's driver does.
// The engine calls from one thread, in virtual time; both must answer as functions of their
// arguments and of what was asked before, never of measured time or of threads.

#include <optional>
#include <span>
#include <vector>

#include "client/core/session.h"
#include "coordinator/core/event.h"
#include "coordinator/core/ready.h"

namespace tributary::simulation {

// Counted before the work is done, from the plan and the client's data. What a unit is (a token, a
// step) is the implementation's choice; a client's speed is in units per second.
struct WorkCost {
  int64_t bytes_down = 0;  // what the client must fetch, given what it has
  double units = 0;
  int64_t bytes_up = 0;
};

struct WorkResult {
  Reason reason = Reason::kAccepted;  // or a client's fault; then the rest is empty
  Digest digest{};                    // of the update, stored where FinishAggregate finds it
  int64_t weight = 0;
  std::vector<Metric> metrics{};
};

class ClientWork {
 public:
  virtual ~ClientWork() = default;

  virtual WorkCost Cost(const ClientId& client, const Task& task) = 0;

  // Real work may begin on another thread; results are wanted in the order of `wanted`. Ends with
  // exactly one Wait or Abandon. The same task may be started again after that.
  virtual void Start(const ClientId& client, const Task& task, TimePoint wanted) = 0;
  // An error ends the whole simulation; a client's own fault is a result.
  virtual Result<WorkResult> Wait(const ClientId& client, int64_t sequence) = 0;
  virtual void Abandon(const ClientId& client, int64_t sequence) = 0;
};

// Where clients keep their journals, from their first task to the end of the run.
class ClientJournals {
 public:
  virtual ~ClientJournals() = default;

  // All or nothing. After an error the client's process ends; the next one loads what was kept.
  virtual Status Append(const ClientId& client, std::span<const client::Record> records) = 0;
  virtual Result<std::vector<client::Record>> Load(const ClientId& client) = 0;
};

class CoordinatorWork {
 public:
  virtual ~CoordinatorWork() = default;

  virtual Status Persist(std::span<const coordinator::Record> records) = 0;  // all or nothing
  virtual Result<std::vector<coordinator::Record>> Load() = 0;  // all that was made durable

  // Empty: this aggregate cannot be made, and the stage is abandoned.
  virtual Result<std::optional<coordinator::AggregateFinished>> Aggregate(
      const coordinator::FinishAggregate& command) = 0;
  virtual Status Publish(const coordinator::PublishCheckpoint& command) = 0;
  virtual Status Discard(const coordinator::DiscardUploads& command) = 0;
  virtual Status Finish(const coordinator::FinishRun& command) = 0;
};

}  // namespace tributary::simulation
