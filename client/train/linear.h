#pragma once
// Linear layers with frozen weights and, where one is given, an adapter's chain beside them:
// y = x (W + D)^T + b + s * x (F1 F2 ... Fm)^T. Gradients exist for x and for trained factors only.

#include <map>
#include <string>
#include <vector>

#include "aggregation/adapter/instance.h"
#include "client/train/torch_headers.h"

namespace tributary::train {

struct LiveFactor {
  at::Tensor value;  // [rows, cols], or [r] if diagonal; a leaf that requires grad if trained
  bool diagonal = false;
};

struct LiveAdapter {
  double scale = 1;
  std::vector<LiveFactor> chain;  // leftmost first
  at::Tensor weight;              // W + D where an increment exists, else undefined
};

struct Linear {
  at::Tensor weight, bias;  // [out, in], [out]
};

// `input` is what the adapter sees (x itself, or x after dropout); undefined: x.
at::Tensor Apply(const Linear& linear, const LiveAdapter* adapter, const at::Tensor& x,
                 const at::Tensor& input = {});

}  // namespace tributary::train
