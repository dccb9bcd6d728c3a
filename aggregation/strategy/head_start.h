#pragma once
// The classifier at the start: random, or solved in closed form from additive feature statistics of
// all clients (ridge regression on one-hot labels, as in Fed3R; Fani et al., 2024).

#include <string>

#include "aggregation/tensor/layout.h"

namespace tributary::strategy {

// Random: weights N(0, 0.02) by (seed, tensor name), biases zero, as transformers starts a
// classifier.
TensorMap RandomHead(const Layout& layout, uint64_t seed);

struct RidgeOptions {
  std::string output;    // the last linear: "classifier"
  double ridge = 0.001;  // relative to the mean diagonal element of the features' Gram matrix
  double scale = 10;     // factor on the logits
};

// `gram`: f64 [(d+1)(d+2)/2], the lower triangle by rows of sum [x;1][x;1]^T; `target`: f64 [d+1,
// labels], sum [x;1] y^T. Replaces the last linear of `head`. Errors: shapes that do not fit, too
// few rows, values that are not finite.
Status SolveRidgeHead(const TensorView& gram, const TensorView& target, const RidgeOptions& options,
                      TensorMap* head);

}  // namespace tributary::strategy
