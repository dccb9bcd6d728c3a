#pragma once
// What may be fetched of a project, and by whom: plans, checkpoints as clients see them, states.
// Resolves a request on the driver's thread into something that any thread can read.

#include <atomic>

#include "coordinator/daemon/checkpoint_views.h"
#include "coordinator/daemon/federation.h"
#include "coordinator/daemon/offered_models.h"

namespace tributary::daemon {

// What crossed the wire since the start, chunks that were sent again included. Any thread.
struct TransferCounters {
  std::atomic<int64_t> received{0}, sent{0};  // bytes
};

// Bytes to be sent, and whatever keeps them alive.
struct Payload {
  std::vector<std::shared_ptr<const void>> owners;
  std::vector<std::span<const std::byte>> parts;
  int64_t size() const;
};

// Called on any thread: opening a view may take long.
using Opener = std::function<Result<Payload>()>;

class Transfers {
 public:
  // Before anybody calls.
  void Offer(OfferedModels models) { models_ = std::move(models); }

  // The two that a client may call; on the driver's thread. The view is made later, by the result.
  Result<std::function<Result<proto::CheckpointManifest>()>> Manifest(
      Federation& federation, const ClientId& client, const proto::ManifestRequest& request);
  Result<Opener> Fetch(Federation& federation, const ClientId& client,
                       const proto::FetchRequest& request);
  // The base model of a run that the client takes part in; NOT_FOUND where it is not offered.
  Result<std::shared_ptr<const OfferedModel>> Model(Federation& federation, const ClientId& client,
                                                    const RunId& run) const;
  // Of whoever may read released states.
  Result<Opener> FetchState(Federation& federation, const proto::FetchRequest& request);

 private:
  Result<std::function<Result<std::shared_ptr<const CheckpointView>>()>> View(
      Federation& federation, const ClientId& client, const RunId& run, const Digest& checkpoint);

  OfferedModels models_;
  std::map<RunId, std::shared_ptr<CheckpointViews>> views_;
};

}  // namespace tributary::daemon
