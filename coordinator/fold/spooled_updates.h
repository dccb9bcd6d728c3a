#pragma once
// Accepted updates where they were spooled, opened in small groups and closed again, so a fold's
// memory does not grow with their number.

#include <functional>

#include "aggregation/strategy/update.h"
#include "aggregation/tensor/safetensors.h"
#include "coordinator/core/ready.h"
#include "coordinator/store/blob_store.h"

namespace tributary::fold {

using RankOf = std::function<int64_t(const ClientId&)>;
// What a client sent for the stage of that sequence number.
using OpenUpload = std::function<Result<std::shared_ptr<const store::Blob>>(
    int64_t sequence, const ClientId&, const Digest&)>;

class SpooledUpdates : public strategy::UpdateSource {
 public:
  // The arguments outlive the object. Updates are in client-name order, as the core gives them.
  SpooledUpdates(const OpenUpload& open, const coordinator::FinishAggregate& command,
                 RankOf rank_of)
      : open_(open), command_(command), rank_of_(std::move(rank_of)) {}

  Status ForEach(const Visitor& visit) override;

 private:
  const OpenUpload& open_;
  const coordinator::FinishAggregate& command_;
  RankOf rank_of_;
};

// Calls visit with each upload's tensors, in order.
Status ForEachUpload(
    const OpenUpload& open, const coordinator::FinishAggregate& command,
    const std::function<Status(const coordinator::AcceptedUpdate&, const TensorViewMap&)>& visit);

}  // namespace tributary::fold
