#pragma once
// Base models that were fetched from the coordinator, by digest, each in a directory of its own
// (FetchedModel). Downloads go on where they stopped, and nothing is used that has
// not the digests that were asked for. One thread.

#include "client/edge/settings.h"
#include "client/edge/transfer.h"

namespace tributary::edge {

class ModelCache {
 public:
  ModelCache(const Settings& settings, rpc::Channel& channel, Traffic& traffic)
      : settings_(settings), channel_(channel), traffic_(traffic) {}

  // Fetches the base model of a run; NOT_FOUND where the coordinator does not offer it,
  // FAILED_PRECONDITION where it does not fit into the quota. Others of the way, to be tried again.
  Status Fetch(const RunId& run, const std::string& digest, std::stop_token stop);

 private:
  Status FetchFile(const RunId& run, const Digest& model, const proto::ModelFile& file,
                   const std::filesystem::path& into, std::stop_token stop);
  // Models that were not used for the longest time leave, until there is room for so many bytes.
  Status MakeRoom(int64_t bytes, const std::filesystem::path& keep) const;

  const Settings& settings_;
  rpc::Channel& channel_;
  Traffic& traffic_;
};

// What a coordinator may offer: names of files of a model directory and nothing else, each once, of
// a size that can be. INVALID_ARGUMENT says what is wrong.
Status CheckModelManifest(const proto::ModelManifest& manifest);

}  // namespace tributary::edge
