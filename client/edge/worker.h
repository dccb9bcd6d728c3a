#pragma once
// Does what a task asks for: fetches plan and checkpoint, loads the site, trains or evaluates, and
// leaves the update in the outbox, durable. One task at a time, on a thread of its own.

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "client/edge/data_pin.h"
#include "client/edge/site.h"
#include "client/edge/tensor_cache.h"
#include "client/edge/transfer.h"
#include "client/task/local_parts.h"

namespace tributary::edge {

struct Job {
  RunId run;
  Digest plan;
  int64_t rank = 0;
  Task task;
  bool is_approved = false;  // by somebody at the site
  // The run has ended: no task, but the adapter of `task.checkpoint` is to be written down.
  bool is_last = false;
};

struct Done {
  Reason reason = Reason::kAccepted;  // or why there is no update
  std::string detail = {};            // of a failure, for the operator
  // Where the policy refused: what becomes of the site's part in the run.
  client::Standing standing = client::Standing::kOpen;
  Duration closed_for{0};
  Digest digest{};
  int64_t weight = 0;
  std::vector<Metric> metrics = {};
};

class Worker {
 public:
  using Report = std::function<void(const Job&, Result<Done>)>;  // CANCELLED when it was stopped
  using OnState = std::function<void(const Job&, std::string_view state)>;

  // What it refers to outlives the worker. Callbacks come from its thread.
  Worker(const Settings& settings, std::string name, rpc::Channel& channel,
         store::StateStore& store, Traffic& traffic, Report report, OnState on_state);
  ~Worker();  // stops what runs

  void Start(Job job);                            // after what was started before
  void Stop(const RunId& run, int64_t sequence);  // within a step, or before it began

  std::filesystem::path OutboxFile(const RunId& run, int64_t sequence) const;
  std::filesystem::path PlanFile(const Digest& plan) const;  // TOML; any thread
  std::filesystem::path AdapterDirectory(const RunId& run) const;

 private:
  struct Pending {
    Job job;
    std::stop_source stop;
  };
  void Work();
  Result<Done> Do(const Job& job, std::stop_token stop);
  Result<Done> Attempt(const Job& job, std::stop_token stop);
  Result<Done> KeepAdapter(const Job& job, std::stop_token stop);
  Result<const config::Config*> PlanFor(const Job& job, std::stop_token stop);
  Result<const Site*> SiteFor(const DataDigests& data);
  Status FetchModel(const Job& job, std::stop_token stop);
  // Why the site's policy refuses the task; `steps` is 0 while they are not known.
  std::optional<Done> Refusal(const Job& job, int64_t steps) const;

  const Settings& settings_;
  const std::string name_;
  rpc::Channel& channel_;
  Traffic& traffic_;
  const Report report_;
  const OnState on_state_;
  TensorCache cache_;
  std::string plan_text_;  // the last one
  config::Config plan_;
  Digest plan_digest_;
  DataFiles files_;
  DataPin pin_;
  std::unique_ptr<Site> site_;  // of that plan
  DataDigests site_data_;       // what it was read from

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::shared_ptr<Pending>> queue_;  // the first may be running
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tributary::edge
