#include "coordinator/simulation/run_directory.h"

#include <fmt/ranges.h>

#include "aggregation/base/file.h"
#include "coordinator/config/render.h"
#include "coordinator/core/text.h"
#include "coordinator/store/sqlite_store.h"

namespace tributary::simulation {
namespace {

namespace fs = std::filesystem;

fs::path Canonical(const fs::path& path) {
  std::error_code error;
  fs::path canonical = fs::weakly_canonical(path, error);
  return error ? path : canonical;
}

}  // namespace

std::string RenderRunToml(config::Config config, const fs::path& directory) {
  const fs::path base = Canonical(directory);
  for (fs::path* path : config::PathsOf(config))
    if (!path->empty()) *path = Canonical(*path).lexically_proximate(base);
  return config::RenderToml(config);
}

Result<config::ReadConfig> ReadRunToml(const fs::path& directory) {
  std::error_code error;
  const fs::path file = directory / "run.toml";
  if (!fs::exists(file, error))
    return MakeError(Code::kNotFound, "{}: holds no run (no run.toml)", directory.string());
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  return config::ReadConfigText(text, file.string(), Canonical(directory), {});
}

std::vector<int64_t> RunDirectory::KeptRounds() const {
  std::vector<int64_t> rounds;
  for (const report::Round& round : view.rounds)
    if (round.digest && blobs->Contains(*round.digest)) rounds.push_back(round.round);
  return rounds;
}

Result<const report::Round*> RunDirectory::FindRound(std::string_view which) const {
  auto found = view.Find(which);
  const std::string kept = fmt::format("{}", fmt::join(KeptRounds(), ", "));
  if (!found && found.error().code == Code::kNotFound)
    return MakeError(Code::kNotFound, "{}: {}; there are states of rounds {}", path.string(),
                     found.error().message, kept);
  if (found && !blobs->Contains(*(*found)->digest))
    return MakeError(Code::kNotFound,
                     "{}: the state of round {} is no longer kept (output.keep_rounds = {}); there "
                     "are those of rounds {}",
                     path.string(), (*found)->round, config.keep_rounds, kept);
  return found;
}

Result<RunDirectory> OpenRunDirectory(const fs::path& path) {
  RunDirectory run;
  run.path = path;
  ASSIGN_OR_RETURN(config::ReadConfig read, ReadRunToml(path));
  if (!read.faults.empty()) return InvalidArgument("{}", read.faults.front().Text());
  run.config = std::move(read.config);
  std::error_code error;
  if (!fs::exists(path / "state/journal.sqlite", error))
    return MakeError(Code::kNotFound, "{}: holds no journal (state/journal.sqlite)", path.string());
  ASSIGN_OR_RETURN(run.blobs, store::OpenDiskBlobStore(path / "state/blobs"));
  ASSIGN_OR_RETURN(const auto states, store::OpenSqliteStore(path / "state/journal.sqlite"));
  ASSIGN_OR_RETURN(const auto facts, states->Get(kRun, "facts"));
  if (!facts)
    return MakeError(Code::kNotFound, "{}: the run was interrupted before it began", path.string());
  ASSIGN_OR_RETURN(run.facts, report::RunFactsFromJson(*facts));
  ASSIGN_OR_RETURN(const store::Recovered recovered, states->Recover(kRun));
  ASSIGN_OR_RETURN(const auto records, coordinator::RecordsFromTexts(recovered.records));
  ASSIGN_OR_RETURN(run.view, report::Build(run.config, run.facts, records));
  return run;
}

}  // namespace tributary::simulation
