#pragma once
// The training module's interface: plain C++, no libtorch. tributary-torch.so implements it behind
// OpenTrainer (client/trainer_module.h); the synthetic trainer implements it for protocol tests.
//
// Threads: a Model is immutable and shared; every call runs on the calling thread plus, for Train,
// `shards - 1` threads that it owns, and may run beside other calls. Nothing here throws.
// Determinism: results are a function of the arguments, not of threads or of other calls.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "aggregation/adapter/instance.h"
#include "aggregation/tensor/layout.h"

namespace tributary::client {

// One tokenised example; the ids are the caller's.
struct Example {
  std::span<const int32_t> ids;       // with special tokens, at least one
  std::span<const int32_t> type_ids;  // empty: all zero
  int32_t label = 0;                  // index into the label list
};

struct TrainingOptions {
  std::string optimizer = "adamw";  // "adamw" | "sgd"
  double learning_rate = 1e-3;
  double weight_decay = 0;
  double momentum = 0.9;              // sgd
  double gradient_clip = 1.0;         // largest norm of a step's gradient; 0 = none
  std::string schedule = "constant";  // "constant" | "linear" | "cosine"
  double warmup = 0;                  // share of the schedule's steps
  int64_t batch_size = 16;
  double epochs = 1;
  int64_t max_steps = 0;  // 0: as many as the epochs give
  int shards = 1;
  double adapter_dropout = 0;  // on the adapters' input
  bool model_dropout = false;  // the model's own dropout rates
};

// Steps that a task of `rows` rows takes; at least one.
int64_t StepCount(const TrainingOptions& options, int64_t rows);

struct TrainTask {
  const adapter::Instance* start = nullptr;
  std::span<const Example> examples;
  TrainingOptions options;
  // The schedule spans steps [schedule_begin, schedule_end) of which this task starts at the
  // first: the task's own steps by round, the run's steps over the run. end 0: the task's own.
  int64_t schedule_begin = 0, schedule_end = 0;
  std::vector<float> logit_offsets;  // added to the logits while training; empty or one per label
  uint64_t seed = 0;                 // of the run's training stream
  std::string client;                // with seed and round the key of shuffles and dropout masks
  int64_t round = 0;
};

struct TrainResult {
  TensorMap values;  // adapter::TrainedValues after training
  int64_t rows = 0, steps = 0, tokens = 0;
  double loss_sum = 0;  // over rows, each at the time it was trained on
};

struct EvaluateResult {
  int64_t rows = 0, correct = 0;
  double loss_sum = 0;
  std::vector<int64_t> confusion;  // labels x labels, true label first
};

// Sums over rows of [x;1][x;1]^T and of [x;1] y^T for the head's input x and one-hot labels y.
struct FeatureMoments {
  int64_t rows = 0;
  Tensor gram;    // f64 [d+1, d+1]
  Tensor target;  // f64 [d+1, labels]
};

struct ModelRequest {
  std::filesystem::path directory;  // config.json, weights
  std::string task = "sequence-classification";
  int64_t labels = 0;
  std::string device = "auto";  // "auto" | "cpu" | "cuda" | "cuda:n"
};

class Model {
 public:
  virtual ~Model() = default;
  virtual std::string device() const = 0;  // "cpu", "cuda:0"

  // Stops within a step when asked to; the result then is CANCELLED. A loss or gradient that is
  // not finite is OUT_OF_RANGE.
  virtual Result<TrainResult> Train(const TrainTask& task, std::stop_token stop) const = 0;
  virtual Result<EvaluateResult> Evaluate(const adapter::Instance& adapter,
                                          std::span<const Example> examples,
                                          std::stop_token stop) const = 0;
  // f32 [examples, labels].
  virtual Result<Tensor> Logits(const adapter::Instance& adapter, std::span<const Example> examples,
                                std::stop_token stop) const = 0;
  virtual Result<FeatureMoments> Moments(std::span<const Example> examples, int64_t labels,
                                         std::stop_token stop) const = 0;
  // Sum over examples of the loss's gradient by the dense weight of every layer of `adapter`,
  // f32 [out, in] by module name, at the adapter's values, without dropout.
  virtual Result<TensorMap> GradientSum(const adapter::Instance& adapter,
                                        std::span<const Example> examples,
                                        std::stop_token stop) const = 0;
};

class Trainer {
 public:
  virtual ~Trainer() = default;
  virtual std::string description() const = 0;  // "libtorch 2.15.0"
  // The device that a request's word means on this machine: "cpu", "cuda:0". UNAVAILABLE says what
  // is missing.
  virtual Result<std::string> DeviceOf(const std::string& wanted) const = 0;
  virtual Result<std::shared_ptr<const Model>> Load(const ModelRequest& request) = 0;
};

}  // namespace tributary::client
