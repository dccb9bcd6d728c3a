#pragma once
// Accepted updates where they were spooled: in the blob store, opened in small groups and closed
// again, so a fold's memory does not grow with their number.

#include <functional>

#include "aggregation/strategy/update.h"
#include "aggregation/tensor/safetensors.h"
#include "coordinator/core/ready.h"
#include "coordinator/store/blob_store.h"

namespace tributary::fold {

using RankOf = std::function<int64_t(const ClientId&)>;

class SpooledUpdates : public strategy::UpdateSource {
 public:
  // The arguments outlive the object. `updates` are in client-name order, as the core gives them.
  SpooledUpdates(const store::BlobStore& blobs,
                 const std::vector<coordinator::AcceptedUpdate>& updates, RankOf rank_of)
      : blobs_(blobs), updates_(updates), rank_of_(std::move(rank_of)) {}

  Status ForEach(const Visitor& visit) override;

 private:
  const store::BlobStore& blobs_;
  const std::vector<coordinator::AcceptedUpdate>& updates_;
  RankOf rank_of_;
};

// Calls visit with each upload's tensors, in order.
Status ForEachUpload(
    const store::BlobStore& blobs, const std::vector<coordinator::AcceptedUpdate>& updates,
    const std::function<Status(const coordinator::AcceptedUpdate&, const TensorViewMap&)>& visit);

}  // namespace tributary::fold
