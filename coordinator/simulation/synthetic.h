#pragma once
// A federation without models: every client pulls a small vector of numbers towards its own
// target, so the best vector is known (the targets' weighted mean) and heterogeneity is a number.
// It drives the engine where the protocol or the scale is the subject. The journal is kept as the
// text that a store would keep, so every recovery reads it back.

#include <map>
#include <string>

#include "coordinator/simulation/work.h"

namespace tributary::simulation {

struct SyntheticOptions {
  uint64_t seed = 0;
  int64_t dimensions = 4;
  double heterogeneity = 1;      // standard deviation of the clients' targets around the optimum
  double step = 0.5;             // how far a round pulls, as a share of the way
  double failure = 0;            // probability that a client cannot do a task
  double aggregate_failure = 0;  // the same of an aggregate; drawn by stage
  int64_t most_rows = 100;       // a client has 1 to this many rows, its weight
  int64_t update_bytes = 1000;
};

using Vector = std::vector<double>;

class SyntheticFederation : public ClientWork, public CoordinatorWork {
 public:
  explicit SyntheticFederation(SyntheticOptions options);

  Digest start() const { return start_; }  // the plan's start checkpoint
  Vector Target(const ClientId& client) const;
  int64_t Rows(const ClientId& client) const;
  const Vector& optimum() const { return optimum_; }

  // What came of the run.
  const Vector& Value(const Digest& checkpoint) const { return blobs_.at(checkpoint); }
  const Digest& published() const { return published_; }
  const std::optional<coordinator::FinishRun>& finished() const { return finished_; }
  const std::vector<std::string>& journal() const { return journal_; }
  int64_t uploads() const { return static_cast<int64_t>(uploads_.size()); }  // not yet discarded

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

 private:
  using Key = std::pair<int64_t, ClientId>;  // sequence, client
  Result<Vector> Update(const ClientId& client, const Task& task) const;
  Digest Keep(Vector value);

  SyntheticOptions options_;
  Vector optimum_;
  Digest start_, published_;
  std::map<Key, Task> started_;
  std::map<Key, Vector> uploads_;
  std::map<Digest, Vector> blobs_;  // checkpoints and results
  std::vector<std::string> journal_;
  std::optional<coordinator::FinishRun> finished_;
};

}  // namespace tributary::simulation
