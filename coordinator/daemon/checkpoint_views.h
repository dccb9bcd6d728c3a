#pragma once
// What clients of a rank fetch of a checkpoint, made once and kept in a file, so that serving it
// costs no memory. Any thread may call.

#include <mutex>

#include "aggregation/tensor/safetensors.h"
#include "coordinator/fold/folder.h"
#include "proto/message.h"

namespace tributary::daemon {

struct CheckpointView {
  std::shared_ptr<const store::Blob> blob;  // the tensors' bytes
  proto::CheckpointManifest manifest;
  std::map<Digest, std::span<const std::byte>> tensors;  // by TensorDigest; into the blob
};

class CheckpointViews {
 public:
  // Both outlive the object. `blobs` is for views alone: it is where they are written, and they
  // leave it when they are open, since they can be made again.
  CheckpointViews(const fold::Folder& folder, store::BlobStore& blobs)
      : folder_(folder), blobs_(blobs) {}

  Result<std::shared_ptr<const CheckpointView>> Open(const Digest& checkpoint, int64_t rank);

 private:
  const fold::Folder& folder_;
  store::BlobStore& blobs_;
  std::mutex mutex_;
  std::vector<std::pair<std::pair<Digest, int64_t>, std::shared_ptr<const CheckpointView>>> open_;
};

}  // namespace tributary::daemon
