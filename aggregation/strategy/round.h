#pragma once
// The end of a round: accepted updates to the next state. Sums run in double in client-name order,
// in one pass for the means, one more where two factors are trained, and one before them where a
// method weighs clients by their factors; memory does not grow with the number of updates.
//
// averaging_error: |s E| / |D - D_start| over all layers, the head left out, where
// E = sum p_k (B_k - B)(A_k - A) is what averaging the factors would have missed, D = sum p_k s B_k
// A_k and D_start the product the round started from; 0/0 = 0. Exactly 0 where one factor is
// trained; nothing where a factor is local. Always from the centred form.

#include <optional>

#include "aggregation/strategy/client.h"
#include "aggregation/strategy/update.h"

namespace tributary::strategy {

struct RoundStart {
  const AdapterSpec& spec;
  const TensorMap& state;  // fits the spec (CheckState)
  RoundPosition position;
};

struct RoundResult {
  TensorMap state;
  std::optional<double> averaging_error;
};

// Updates have passed CheckUpdate. Errors: of the source; no update, or only updates of weight 0.
// `threads` share the elements of the first pass and never change a bit.
Result<RoundResult> Aggregate(const RoundStart& start, UpdateSource& updates, int threads = 1);

// The same for a method whose rule is a mean of one trained factor (Method::additive), from a mean
// of deltas (f64) that somebody else made: a privacy mechanism, or a secure sum.
Result<RoundResult> AggregateFromMean(const RoundStart& start, TensorMap mean_deltas);

}  // namespace tributary::strategy
