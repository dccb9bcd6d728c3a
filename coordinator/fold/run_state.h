#pragma once
// What a round starts from and ends in, as one blob: the adapter's state (strategy/state.h) and
// what the run has learnt beside it. Before the starting statistics are in, only the head exists.

#include "aggregation/strategy/state.h"

namespace tributary::fold {

struct RunState {
  TensorMap head;                    // while there are no factors yet; else empty
  TensorMap adapter;                 // else: a whole state
  std::vector<double> class_counts;  // of all clients' training rows; empty until known
};

// Safetensors bytes; equal states give equal bytes. Head tensors are named "head/...", the class
// counts "run/class_counts".
std::string Serialize(const RunState& state);
// Checks everything against the spec; errors name the tensor.
Result<RunState> ParseRunState(const strategy::AdapterSpec& spec, std::span<const std::byte> bytes);

}  // namespace tributary::fold
