#pragma once
// What the coordinator publishes and a client needs to start a round: self-contained, all f32.
//   "<module>.<factor>", head tensors     as in the state, factors cut to the clients' rank where
//   the
//                                         method lets clients take the leading part
//   "<module>.increment_left|_right"      the increment as a factor pair of least rank, or
//   "<module>.increment"                  dense, whichever is smaller; absent while it is zero
// A pair has an orthonormal left side made from the increment alone, so no client's block is in it.

#include <map>
#include <memory>
#include <set>

#include "aggregation/base/digest.h"
#include "aggregation/strategy/state.h"

namespace tributary::strategy {

// The checkpoint for clients of `rank`.
TensorMap Publish(const AdapterSpec& spec, const TensorMap& state, int64_t rank);

// What a client of that checkpoint really fetches: not what it draws from the seed itself, and not
// what it has already, by digest. Takes the digest of every tensor that travels.
struct Fetch {
  std::string tensor;
  Digest digest;
  int64_t bytes = 0;
};
Digest TensorDigest(const TensorView& view);  // SHA-256 over dtype, shape and bytes
std::vector<Fetch> TensorsToFetch(const AdapterSpec& spec, const TensorMap& checkpoint,
                                  const std::set<Digest>& cached);

// A checkpoint checked and unpacked once, then shared by all clients that start from it.
struct Checkpoint {
  TensorMap tensors;  // factors and head, derived factors included
  std::map<std::string, std::shared_ptr<const Tensor>, std::less<>>
      increments;  // dense f32, by module
};
// Errors name the tensor that is missing, unexpected, of a wrong shape or not finite.
Result<Checkpoint> OpenCheckpoint(const AdapterSpec& spec, int64_t rank, TensorMap tensors);

}  // namespace tributary::strategy
