#pragma once
// The client's side of Transfer: bytes by digest, resumed where they stopped. Blocking; one thread.

#include <atomic>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "aggregation/tensor/tensor.h"
#include "proto/rpc/channel.h"

namespace tributary::edge {

// An error of the way, not of the work: what was tried is tried again.
bool IsPassing(Code code);

// Bytes of content since the start, both ways. Any thread.
struct Traffic {
  std::atomic<int64_t> sent{0}, received{0};
};

// Sends a file that has that digest; goes on where an earlier attempt stopped. CANCELLED, within a
// chunk, when it was told to stop.
Status Upload(rpc::Channel& channel, const proto::UploadBegin& begin,
              const std::filesystem::path& file, Traffic& traffic, std::stop_token stop);

// Tensors that were fetched, by digest, on the disk. One folder, one owner.
class TensorCache {
 public:
  explicit TensorCache(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // The checkpoint's tensors: what is in the cache, and the rest fetched and checked. Adds the
  // bytes that were fetched to `fetched`. Tensors of other checkpoints leave the cache.
  Result<TensorMap> Checkpoint(rpc::Channel& channel, const RunId& run, const Digest& checkpoint,
                               int64_t* fetched);

 private:
  std::optional<Tensor> Find(const proto::TensorEntry& entry) const;
  void Forget(const proto::CheckpointManifest& keep) const;
  std::filesystem::path directory_;
};

}  // namespace tributary::edge
