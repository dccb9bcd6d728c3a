#pragma once
// Tensors of checkpoints that were fetched, by digest, on the disk: what a checkpoint shares with
// an earlier one, of any run, is not fetched again, and a download that was broken off goes on at
// the byte where it stopped. One folder, one owner; blocking.

#include <filesystem>
#include <optional>
#include <stop_token>

#include "aggregation/tensor/tensor.h"
#include "client/edge/manifest.h"
#include "proto/rpc/channel.h"

namespace tributary::edge {

class TensorCache {
 public:
  // Beyond `quota` bytes those that were not used for the longest time leave; the newest checkpoint
  // stays in any case.
  TensorCache(std::filesystem::path directory, int64_t quota)
      : directory_(std::move(directory)), quota_(quota) {}

  // The checkpoint's tensors: what is in the cache, and the rest fetched and checked. Adds the
  // bytes that were fetched to `fetched`, also after an error. ABORTED if bytes are not those of
  // the digest, and nothing of them is kept; CANCELLED, at once, when it was told to stop.
  Result<TensorMap> Checkpoint(rpc::Channel& channel, const RunId& run, const Digest& checkpoint,
                               int64_t* fetched, std::stop_token stop);

 private:
  struct Missing {
    const proto::TensorEntry* entry;
    Tensor* tensor;
  };
  std::filesystem::path FileOf(const Digest& digest) const { return directory_ / digest.Hex(); }
  std::filesystem::path PartOf(const Digest& digest) const;
  std::optional<Tensor> Find(const proto::TensorEntry& entry) const;
  int64_t TakeUpPart(std::vector<Missing>& missing) const;
  Status Keep(const Missing& whole) const;
  void Forget(const proto::CheckpointManifest& keep) const;

  const std::filesystem::path directory_;
  const int64_t quota_;
};

}  // namespace tributary::edge
