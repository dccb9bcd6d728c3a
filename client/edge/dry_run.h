#pragma once
// What a run would send from this site, found out without any coordinator: the real model and rows,
// the plan's own start, one training step.

#include "client/edge/data_pin.h"
#include "client/edge/site.h"

namespace tributary::edge {

// What one kind of task would send.
struct TaskPreview {
  TaskKind kind = TaskKind::kTrain;
  int64_t steps = 0;          // of the real task; 0: it takes none
  Verdict verdict;            // of the policy
  bool is_previewed = false;  // the rest is there
  TensorMap upload;
  int64_t bytes = 0;  // of the upload, as it travels
  int64_t weight = 0;
  std::vector<Metric> metrics;  // those that the policy lets out
};

struct DryRun {
  int64_t rows = 0, held_out = 0;
  DataDigests data;
  std::vector<TaskPreview> tasks;  // those that the plan asks clients for
};

// Errors as a task's; also where the plan lacks what a coordinator asks for, the base model's
// digest and the labels.
Result<DryRun> TryPlan(const Settings& settings, const config::Config& plan);

}  // namespace tributary::edge
