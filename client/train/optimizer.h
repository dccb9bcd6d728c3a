#pragma once
// Optimizers over one flat buffer that holds every trained number; state lives as long as a task.

#include <memory>
#include <string_view>

#include "client/train/torch_headers.h"
#include "client/trainer.h"

namespace tributary::train {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // One step with the gradient, which may be overwritten. `values` and `gradient` are flat f32.
  virtual void Step(at::Tensor& values, at::Tensor& gradient, double learning_rate) = 0;
};

// "adamw": AdamW (Loshchilov and Hutter, 2019), betas 0.9 and 0.999, epsilon 1e-8, decoupled decay.
// "sgd": momentum without dampening, decay added to the gradient (as torch.optim.SGD).
Result<std::unique_ptr<Optimizer>> MakeOptimizer(const client::TrainingOptions& options);
std::string OptimizerNames();

// The rate at `step` of `total`: warm-up from 0 over warmup * total steps, then constant, or linear
// or cosine down to 0 at `total`.
double ScheduledRate(const client::TrainingOptions& options, int64_t step, int64_t total);

}  // namespace tributary::train
