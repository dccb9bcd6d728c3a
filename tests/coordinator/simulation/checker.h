#pragma once
// An independent witness of a simulated run: it sees every event, record and command, keeps its
// own books, and says what does not hold.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "aggregation/base/digest.h"
#include "coordinator/simulation/engine.h"

namespace tributary::simulation {

class Checker : public Observer {
 public:
  // `journal` is what is durable of the run, as it grows.
  Checker(coordinator::RunPlan plan, const std::vector<std::string>& journal)
      : plan_(std::move(plan)), journal_(journal) {}

  void OnEvent(TimePoint now, const coordinator::Event& event) override;
  void OnReady(TimePoint now, const coordinator::Ready& ready) override;
  void OnStep(TimePoint now, const coordinator::Coordinator& core) override;
  void OnRecovered(TimePoint now, const coordinator::Coordinator& core) override;
  void OnClientRecovered(TimePoint now, const ClientId& client,
                         const client::TaskInHand& in_hand) override;
  void OnPartition(TimePoint now, const std::set<ClientId>& cut) override;
  void OnTaskEnd(const TaskReport& report) override { ++outcomes_[report.reason]; }

  std::string Hash() { return hasher_.Finish().Hex(); }
  const std::vector<std::string>& faults() const { return faults_; }
  int64_t steps() const { return steps_; }
  int64_t recoveries() const { return recoveries_; }
  int64_t client_recoveries() const { return client_recoveries_; }
  int64_t partitions() const { return partitions_; }
  int64_t commits() const { return commits_; }
  int64_t abandoned() const { return abandoned_; }
  const std::map<Reason, int64_t>& outcomes() const { return outcomes_; }

 private:
  using Update = std::pair<int64_t, ClientId>;  // sequence, client

  void Expect(bool holds, std::string_view what);
  void Note(TimePoint now, std::string_view line);
  void CatchUp();
  void Book(const coordinator::Record& record);
  void BookEnd(bool is_charged);
  void CheckCommand(const coordinator::Command& command);
  void CheckFold(const coordinator::FinishAggregate& fold);
  void CheckFolded(const std::vector<coordinator::AcceptedUpdate>& updates);

  coordinator::RunPlan plan_;
  const std::vector<std::string>& journal_;
  Hasher hasher_;
  coordinator::State replayed_;
  size_t read_ = 0;
  coordinator::StageOpened stage_;  // the newest
  std::map<ClientId, coordinator::UpdateAccepted> accepted_;
  std::set<Update> ever_accepted_;
  std::set<Digest> committed_;  // checkpoints
  std::set<ClientId> cohort_;
  bool is_closed_ = false;
  int64_t minimum_ = 0, round_ = 0, trained_ = 0, charged_ = 0;
  int64_t steps_ = 0, recoveries_ = 0, client_recoveries_ = 0, partitions_ = 0;
  int64_t commits_ = 0, abandoned_ = 0;
  std::map<int64_t, std::vector<coordinator::AcceptedUpdate>> folds_;
  std::map<Reason, int64_t> outcomes_;
  std::vector<std::string> faults_;
};

}  // namespace tributary::simulation
