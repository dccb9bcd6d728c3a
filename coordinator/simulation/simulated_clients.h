#pragma once
// All clients of a simulated run: real tasks on worker threads, in the order in which the engine
// will want the results. What a task gives is a function of the run and the client's name.

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "client/task/local_parts.h"
#include "coordinator/fold/totals.h"
#include "coordinator/simulation/checkpoints.h"
#include "coordinator/simulation/environment.h"
#include "coordinator/simulation/statistics_cache.h"
#include "coordinator/simulation/work.h"

namespace tributary::simulation {

class SimulatedClients : public ClientWork {
 public:
  // All arguments outlive the object. `workers` >= 1 threads are made. When `is_interrupted` says
  // so, waiting ends with CANCELLED and everything that runs is stopped within a step.
  SimulatedClients(const Environment& environment, const client::Model& model,
                   store::BlobStore& blobs, Checkpoints& checkpoints,
                   const client::LocalParts& locals, int workers,
                   std::function<bool()> is_interrupted);
  ~SimulatedClients() override;  // stops what runs

  WorkCost Cost(const ClientId& client, const Task& task) override;
  void Start(const ClientId& client, const Task& task, TimePoint wanted) override;
  Result<WorkResult> Wait(const ClientId& client, int64_t sequence) override;
  void Abandon(const ClientId& client, int64_t sequence) override;

  fold::StageTotals Totals(int64_t sequence);
  // The last thing that went wrong with a client's task, for people; empty if nothing did.
  std::string LastFault();

 private:
  using Key = std::pair<int64_t, ClientId>;
  struct Job {
    Task task;
    TimePoint wanted;
    std::stop_source stop;
    bool running = false, done = false, abandoned = false;
    Result<WorkResult> result = WorkResult{};
  };
  void Work();
  Key NextJob() const;
  Result<WorkResult> Do(const ClientId& client, const Task& task, std::stop_token stop);
  Result<client::TaskResult> RunOne(const ClientId& client, const Task& task, std::stop_token stop);
  Result<client::TaskResult> EvaluateLocals(const Task& task, std::stop_token stop);
  void TrainingBegins(int64_t sequence);
  void TrainingEnds(int64_t sequence);
  int64_t BytesDown(const ClientId& client, const Task& task);

  const Environment& environment_;
  const client::Model& model_;
  store::BlobStore& blobs_;
  Checkpoints& checkpoints_;
  const client::LocalParts& locals_;
  const StatisticsCache statistics_;
  const int workers_;
  const std::function<bool()> is_interrupted_;

  std::map<ClientId, std::set<Digest>>
      cached_;  // tensors of the last checkpoint a client fetched; engine's thread only
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, Job> jobs_;
  std::map<int64_t, fold::StageTotals> totals_;
  std::map<Key, WorkCost> costs_;  // of tasks whose result is still to come
  int in_flight_ = 0;              // training tasks
  std::chrono::steady_clock::time_point in_flight_since_;
  std::string last_fault_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tributary::simulation
