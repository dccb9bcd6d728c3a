#pragma once
// A whole federation on this machine: loads, runs or resumes, and keeps the run directory true at
// every round. Under `tributary simulate`.
//
// The run directory: run.toml, rounds.jsonl, clients.jsonl, summary.json, report.html, adapter/,
// and state/ (journal, blobs, local parts), from which everything else can be written again.

#include <functional>

#include "coordinator/config/config.h"
#include "coordinator/report/run_view.h"
#include "coordinator/simulation/engine.h"
#include "coordinator/simulation/environment.h"

namespace tributary::simulation {

struct SimulateOptions {
  std::filesystem::path out;  // the run directory
  bool resume = false;        // the directory holds an interrupted run
  int workers = 1;
  std::string device = "auto";
};

// What a person may want to see while it runs. Called from the thread that runs the simulation.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void OnLoaded(const Environment&, const std::string& device) = 0;
  virtual void OnStage(const coordinator::StageOpened& stage) = 0;
  virtual void OnClient(const coordinator::StageOpened& stage, int64_t accepted, int64_t ended) = 0;
  virtual void OnAbandoned(const coordinator::StageOpened& stage, Reason reason,
                           const std::string& why) = 0;
  // A stage was committed; the view is of all rounds so far.
  virtual void OnCommitted(const coordinator::StageOpened& stage, const report::RunView& view) = 0;
};

struct SimulateResult {
  Ending ending = Ending::kFinished;
  report::RunView view;
  std::string why_paused;
};

// Errors: the directory holds a run already (and `resume` is not set), or none; no space; anything
// that ends a run. `environment` has been loaded from the effective configuration.
Result<SimulateResult> Simulate(const Environment& environment, const SimulateOptions& options,
                                Progress& progress, const std::function<bool()>& is_interrupted);

}  // namespace tributary::simulation
