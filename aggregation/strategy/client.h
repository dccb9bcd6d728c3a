#pragma once
// The client's side of a round: from a checkpoint to what is trained, and from what was trained to
// the update that is sent. Pure functions; a client keeps nothing between rounds but its local
// parts.

#include "aggregation/adapter/instance.h"
#include "aggregation/strategy/checkpoint.h"

namespace tributary::strategy {

// Where in the run a round stands. `committed` counts the rounds that were committed before it.
struct RoundPosition {
  int64_t round = 0;
  int64_t committed = 0;
};

// What a client of `rank` trains. `local` holds its local parts by tensor name, as MakeUpdate gave
// them the last time; parts that are not in it start at the checkpoint's values. Errors: a local
// part of a wrong shape.
Result<adapter::Instance> ClientStart(const AdapterSpec& spec, const Checkpoint& checkpoint,
                                      int64_t rank, RoundPosition position, const TensorMap& local);

// The adapter as this client has it, in the form of a state (state.h), for ExportAdapter: a
// checkpoint with its local parts in their places. Errors: a local part of a wrong shape.
Result<TensorMap> OwnState(const AdapterSpec& spec, const Checkpoint& checkpoint,
                           const TensorMap& local);

// Names and shapes of what a client of `rank` uploads.
Layout UpdateLayout(const AdapterSpec& spec, int64_t rank, int64_t committed);

struct ClientUpdate {
  TensorMap deltas;  // trained value minus start, f32: uploaded
  TensorMap local;   // values: kept
};
// From the start and the trained values (adapter::TrainedValues). Errors name the tensor that does
// not fit or is not finite.
Result<ClientUpdate> MakeUpdate(const AdapterSpec& spec, const adapter::Instance& start,
                                const TensorMap& values);

}  // namespace tributary::strategy
