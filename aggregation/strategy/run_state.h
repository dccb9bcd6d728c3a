#pragma once
// What a round starts from and ends in, as one blob: the adapter's state (state.h) and what the run
// has learnt beside it; and the part of it that travels to clients. Before the starting statistics
// are in, only the head exists.

#include "aggregation/strategy/checkpoint.h"

namespace tributary::strategy {

struct RunState {
  TensorMap head;                    // while there are no factors yet; else empty
  TensorMap adapter;                 // else: a whole state
  std::vector<double> class_counts;  // of all clients' training rows; empty until known
};

// Safetensors bytes; equal states give equal bytes. Head tensors are named "head/...", the class
// counts "run/class_counts".
std::string Serialize(const RunState& state);
// Checks everything against the spec; errors name the tensor.
Result<RunState> ParseRunState(const AdapterSpec& spec, std::span<const std::byte> bytes);

// The tensors that a client of `rank` fetches to have a state's checkpoint: what Publish gives,
// less what every party draws by itself; named as in Serialize.
TensorMap ClientTensors(const AdapterSpec& spec, const RunState& state, int64_t rank);

// Those tensors checked and unpacked.
struct ClientCheckpoint {
  TensorMap head;                                // also while there are no factors
  std::shared_ptr<const Checkpoint> checkpoint;  // null while there are none
  std::vector<double> class_counts;
};
// Errors name the tensor that is missing, unexpected, of a wrong shape or not finite.
Result<ClientCheckpoint> OpenClientTensors(const AdapterSpec& spec, int64_t rank,
                                           TensorMap tensors);

}  // namespace tributary::strategy
