#pragma once
// The client's side of a task: from a checkpoint and the site's rows to what is uploaded. The same
// for a simulated client and for an edge client. Pure but for the training; any thread may call.
//
// Uploads, by kind of task (all additive but the first):
//   train            deltas of the trained shared parts (strategy::MakeUpdate)
//   feature moments  "moments.gram" f64 [(d+1)(d+2)/2] lower triangle by rows, "moments.target" f64
//                    [d+1, labels], features x with a 1 behind them, one-hot labels
//   gradient sum     "gradient.<module>" f32 [out, in]
//   evaluation       "evaluation.confusion" i64 [labels, labels], "evaluation.histogram" i64 [20],
//                    "evaluation.loss" f64 [1]

#include <functional>
#include <memory>

#include "aggregation/base/task.h"
#include "aggregation/strategy/client.h"
#include "client/trainer.h"

namespace tributary::client {

// What a client knows of the plan.
struct TaskPlan {
  strategy::AdapterSpec adapter;
  TrainingOptions training;
  bool schedule_over_run = false;
  int64_t rounds = 1;
  std::string label_calibration = "none";  // "none" | "own" | "relative"
  std::string weighting = "rows";          // "rows" | "seen" | "uniform"
  uint64_t training_seed = 0;
  int64_t labels = 0;
  bool report_metrics = true;  // losses and counts leave the site
};

struct SiteData {
  std::string name;
  int64_t rank = 0;
  std::vector<Example> train, held_out;  // held out: what evaluations use
};

// What a task starts from.
struct TaskStart {
  TensorMap head;  // for start statistics, when there are no factors yet
  std::shared_ptr<const strategy::Checkpoint> checkpoint;  // else
  std::vector<double> class_counts;  // of all clients, for "relative"; may be empty
  TensorMap local;                   // the client's local parts
};

struct TaskResult {
  TensorMap upload, local;  // local: new local parts, of train tasks only
  int64_t weight = 1;
  std::vector<Metric> metrics;
};

// Errors: CANCELLED when stopped, OUT_OF_RANGE when something was not finite, others as they come.
// `threads` share the rows of evaluations and statistics and change no bit.
Result<TaskResult> RunTask(const Model& model, const TaskPlan& plan, const SiteData& site,
                           const TaskStart& start, const Task& task, int threads,
                           std::stop_token stop);

// Evaluation of rows in fixed parts, shared by threads, added in order.
Result<EvaluateResult> EvaluateRows(const Model& model, const adapter::Instance& adapter,
                                    std::span<const Example> rows, int threads,
                                    std::stop_token stop);

// log((n_y + 1/2) / sum(n + 1/2)).
std::vector<float> LogPrior(std::span<const double> class_counts);

}  // namespace tributary::client
