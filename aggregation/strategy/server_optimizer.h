#pragma once
// Optimizers of the coordinator on the mean delta d of a round, element by element in double (Reddi
// et al., "Adaptive Federated Optimization", 2021, arXiv 2003.00295, Algorithm 2; momentum as in
// Hsu et al. 2019, arXiv 1909.06335). With learning rate e:
//   none      step = e d                     momentum  m = b1 m + d, step = e m
//   adam      m = b1 m + (1-b1) d, v = b2 v + (1-b2) d^2,            step = e m / (sqrt(v) + tau)
//   yogi      m as adam,           v = v - (1-b2) d^2 sign(v - d^2), step as adam
// v starts at tau^2. Moments are f64 tensors of the state, "server.m.<tensor>",
// "server.v.<tensor>".

#include <span>
#include <string_view>

#include "aggregation/strategy/spec.h"

namespace tributary::strategy {

struct ServerOptimizer {
  std::string_view name;
  std::string_view description;
  bool first_moment = false, second_moment = false;
  // Turns d in place into the step and advances the moments (empty where not kept).
  void (*step)(const ServerOptimizerSpec& spec, std::span<double> d, std::span<double> m,
               std::span<double> v);
};

std::span<const ServerOptimizer> ServerOptimizers();
const ServerOptimizer* FindServerOptimizer(std::string_view name);

// The step for tensor `name`, whose mean delta is `d`; moments are read from and written to
// `state`.
void TakeServerStep(const ServerOptimizerSpec& spec, std::string_view name, std::span<double> d,
                    TensorMap* state);

}  // namespace tributary::strategy
