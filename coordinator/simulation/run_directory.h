#pragma once
// A run directory read back: what `inspect`, `export` and `--resume` find in it.

#include "coordinator/artefact/adapter_directory.h"
#include "coordinator/config/read.h"
#include "coordinator/report/run_view.h"
#include "coordinator/store/blob_store.h"

namespace tributary::simulation {

inline const RunId kRun{"run"};  // in the stores of a run directory, which holds one

// run.toml: the configuration with paths relative to the run directory, so that a run may move
// together with what it names.
std::string RenderRunToml(config::Config config, const std::filesystem::path& directory);
// Reads it back. NOT_FOUND if the directory holds no run.
Result<config::ReadConfig> ReadRunToml(const std::filesystem::path& directory);

struct RunDirectory {
  std::filesystem::path path;
  config::Config config;  // effective
  report::RunFacts facts;
  report::RunView view;
  std::unique_ptr<store::BlobStore> blobs;

  // Rounds whose state is still there, in order.
  std::vector<int64_t> KeptRounds() const;
  // The round that "best", "last" or a number means; `adapter/` is of view.kept. Errors list the
  // rounds whose states are kept.
  Result<const report::Round*> FindRound(std::string_view which) const;
};

// FAILED_PRECONDITION while a simulation is running in it; DATA_LOSS if its journal is damaged.
Result<RunDirectory> OpenRunDirectory(const std::filesystem::path& path);

}  // namespace tributary::simulation
