#pragma once
// The coordinator's driver of a simulated run: journal in the state store, blobs in the blob store,
// arithmetic by the folder.

#include "coordinator/fold/totals.h"
#include "coordinator/simulation/simulated_clients.h"
#include "coordinator/store/state_store.h"

namespace tributary::simulation {

class SimulatedCoordinator : public CoordinatorWork {
 public:
  // All arguments outlive the object. `keep_rounds`: state blobs of so many last rounds stay, and
  // that of the round which would be kept if the run ended now; 0: all.
  SimulatedCoordinator(RunId run, const coordinator::RunPlan& plan, store::StateStore& states,
                       store::BlobStore& blobs, fold::Folder& folder, SimulatedClients& clients,
                       int64_t keep_rounds, bool report_metrics)
      : run_(std::move(run)),
        plan_(plan),
        states_(states),
        blobs_(blobs),
        folder_(folder),
        clients_(clients),
        keep_rounds_(keep_rounds),
        report_metrics_(report_metrics) {}

  Status Persist(std::span<const coordinator::Record> records) override;
  // What the journal of an interrupted run already holds; from here on it is known here too.
  Result<std::vector<coordinator::Record>> Load() override;
  Result<std::optional<coordinator::AggregateFinished>> Aggregate(
      const coordinator::FinishAggregate& command) override;
  Status Publish(const coordinator::PublishCheckpoint& command) override;
  Status Discard(const coordinator::DiscardUploads& command) override;
  Status Finish(const coordinator::FinishRun& command) override;

  const std::vector<coordinator::Record>& records() const { return records_; }
  const std::optional<coordinator::FinishRun>& finish() const { return finish_; }
  std::string last_fault() const { return last_fault_; }

 private:
  Status Remember(std::span<const coordinator::Record> records);

  const RunId run_;
  const coordinator::RunPlan& plan_;
  store::StateStore& states_;
  store::BlobStore& blobs_;
  fold::Folder& folder_;
  SimulatedClients& clients_;
  const int64_t keep_rounds_;
  const bool report_metrics_;
  std::vector<coordinator::Record> records_;
  coordinator::State state_;                           // after those records
  std::map<int64_t, std::vector<Digest>> uploads_;     // by sequence
  std::vector<std::pair<int64_t, Digest>> published_;  // state blobs by round, oldest first
  std::optional<coordinator::FinishRun> finish_;
  std::string last_fault_;
};

}  // namespace tributary::simulation
