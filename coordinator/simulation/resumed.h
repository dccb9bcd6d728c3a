#pragma once
// Takes up an interrupted simulation. A simulated run is a function of its inputs, so it is not
// restored but simulated again from its first moment, with the effects of everything that its
// journal holds answered from the journal: nothing is trained or folded twice, and the run ends in
// the bytes that it would have had without the interruption. Records must come out as they are in
// the journal; one that does not shows that plan, data or program have changed.

#include <map>

#include "coordinator/simulation/work.h"

namespace tributary::simulation {

class Resumed : public ClientWork, public CoordinatorWork {
 public:
  // The works are the caller's. `journal` is what CoordinatorWork::Load gave.
  Resumed(std::vector<coordinator::Record> journal, ClientWork& client_work,
          CoordinatorWork& coordinator_work);

  WorkCost Cost(const ClientId& client, const Task& task) override;
  void Start(const ClientId& client, const Task& task, TimePoint wanted) override;
  Result<WorkResult> Wait(const ClientId& client, int64_t sequence) override;
  void Abandon(const ClientId& client, int64_t sequence) override;

  Status Persist(std::span<const coordinator::Record> records) override;
  Result<std::vector<coordinator::Record>> Load() override;
  Result<std::optional<coordinator::AggregateFinished>> Aggregate(
      const coordinator::FinishAggregate& command) override;
  Status Publish(const coordinator::PublishCheckpoint& command) override;
  Status Discard(const coordinator::DiscardUploads& command) override;
  Status Finish(const coordinator::FinishRun& command) override;

  bool IsReplaying() const { return replayed_ < journal_.size(); }

 private:
  using Key = std::pair<int64_t, ClientId>;  // sequence, client
  bool IsKnown(const ClientId& client, int64_t sequence) const;

  const std::vector<coordinator::Record> journal_;
  size_t replayed_ = 0;
  std::map<Key, WorkResult> results_;
  std::map<int64_t, std::optional<coordinator::AggregateFinished>> aggregates_;  // by sequence
  int64_t closed_ = 0;  // stages up to here take no more updates
  ClientWork& client_work_;
  CoordinatorWork& coordinator_work_;
};

}  // namespace tributary::simulation
