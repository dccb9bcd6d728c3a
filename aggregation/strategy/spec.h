#pragma once
// What the plan says about adapters: the method, its rank and scale, the adapted layers and the
// head. Coordinator and clients hold equal specs; everything in this folder is a function of it.

#include <string>
#include <vector>

#include "aggregation/adapter/kind.h"
#include "aggregation/tensor/layout.h"

namespace tributary::strategy {

struct ServerOptimizerSpec {
  std::string name = "none";  // a row of ServerOptimizers()
  double learning_rate = 1;
  double beta1 = 0.9, beta2 = 0.99;
  double tau = 1e-3;  // degree of adaptivity (Reddi et al. 2021)
};

struct AdapterSpec {
  std::string method = "fedit";  // a row of Methods()
  int64_t rank = 8;  // of the global adapter; clients may have less where Method::ranks allows
  double scale = 2;  // s, one number per run, also with mixed ranks
  std::vector<adapter::Target> targets;  // ordered by module
  Layout head;  // dense parts that are trained too, by Hugging Face name, f32
  bool freeze_head = false;
  uint64_t seed = 0;          // of the starting factors
  std::string start;          // one of Method::starts; empty: the first of them
  double start_step = 1e-5;   // gradient starts: the step whose best rank-r form is the start
  double fair_lambda = 0.01;  // lora-fair: ridge, relative to trace(G)/r; iterative: absolute
  std::string fair_solver = "closed-form";  // | "iterative": the paper's cosine objective by SGD
  int fair_steps = 1000;                    // iterative
  double fair_rate = 0.01;                  // iterative
  std::string hetlora_weighting = "norm";   // | "rows": the clients' own weights
  ServerOptimizerSpec server;
};

// All faults at once, each naming its key, what was found and what is allowed; empty if there are
// none. `client_ranks` are the ranks that clients will have.
std::vector<std::string> Faults(const AdapterSpec& spec, std::span<const int64_t> client_ranks);

constexpr int64_t kMaxRank = 4096;

}  // namespace tributary::strategy
