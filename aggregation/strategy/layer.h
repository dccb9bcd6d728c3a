#pragma once
// What a method's rules work on: one layer of a folded round, in double and without the scale s.

#include "aggregation/strategy/product_sum.h"

namespace tributary::strategy {

// Both factors, of a client at its own rank or of the round's start at the run's.
struct LayerFactors {
  adapter::Matrix b, a;
};

// Ranks below the run's are padded with zeros. sum_k p_k B_k A_k = error + mean_b * mean_a exactly.
struct LayerFold {
  adapter::Matrix start_b, start_a;  // what the round started from, at the run's rank
  adapter::Matrix mean_b, mean_a;    // sum_k p_k B_k, sum_k p_k A_k
  ProductSum error;                  // E = sum_k p_k (B_k - mean_b)(A_k - mean_a)
};

// What a product rule makes of a layer. A factor left empty is not part of the state.
struct LayerResult {
  adapter::Matrix b, a;
  adapter::Matrix increment;  // to be added to the layer's, scale included; empty: nothing
};

}  // namespace tributary::strategy
