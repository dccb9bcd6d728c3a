#pragma once
// The checkpoints of a run as clients see them: opened once per rank and shared, and what a client
// fetches of each. The sizes are kept as facts of the run, since a resumed run asks for them again
// when the checkpoints themselves are long gone.

#include <mutex>

#include "coordinator/fold/folder.h"
#include "coordinator/store/state_store.h"

namespace tributary::simulation {

// Any thread may call.
class Checkpoints {
 public:
  Checkpoints(const fold::Folder& folder, store::StateStore& facts, RunId run)
      : folder_(folder), facts_(facts), run_(std::move(run)) {}

  Result<std::shared_ptr<const strategy::ClientCheckpoint>> Open(const Digest& digest,
                                                                 int64_t rank);

  // Bytes by tensor digest of what a client of that rank would fetch, had it nothing.
  Result<std::map<Digest, int64_t>> Sizes(const Digest& digest, int64_t rank);

 private:
  Result<std::shared_ptr<const strategy::ClientCheckpoint>> Load(const Digest& digest, int64_t rank,
                                                                 std::map<Digest, int64_t>* sizes);

  const fold::Folder& folder_;
  store::StateStore& facts_;
  const RunId run_;
  std::mutex mutex_;
  using Key = std::pair<Digest, int64_t>;
  std::map<Key, std::shared_ptr<const strategy::ClientCheckpoint>>
      open_;  // of the newest digests only
  std::vector<Digest> newest_;
};

}  // namespace tributary::simulation
