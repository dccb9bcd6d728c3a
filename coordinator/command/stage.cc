#include "coordinator/command/stage.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "coordinator/backup/backup.h"
#include "coordinator/command/remote.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kPatience{10};  // the audit log and the database are copied

// The running coordinator, asked as the administrator whose keys are beside its own.
Result<fs::path> AskToStage(const daemon::Settings& settings, bool insecure) {
  RemoteOptions remote;
  remote.address = insecure ? settings.listen : settings.address;
  remote.identity = daemon::AdminDirectory(settings).string();
  remote.insecure = insecure;
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(remote));
  ASSIGN_OR_RETURN(const auto answer, channel->Call<proto::Document>(
                                          "Admin/Backup", proto::BackupRequest{}, kPatience));
  const auto json = ParseJson(answer.json.value);
  if (!json.is_object() || json.value("project", "") != settings.project)
    return MakeError(Code::kFailedPrecondition, "{} serves another project than {}", remote.address,
                     settings.project);
  return fs::path(json.value("directory", ""));
}

Result<fs::path> StageHere(const fs::path& project, store::SqliteStateStore& states) {
  const fs::path staging = backup::StagingOf(project);
  std::error_code error;
  fs::remove_all(staging, error);
  RETURN_IF_ERROR(backup::Stage(project, states, staging));
  return staging;
}

}  // namespace

Result<fs::path> StageProject(const daemon::Settings& settings, bool insecure) {
  const fs::path project = daemon::ProjectDirectory(settings), database = project / "state.db";
  std::error_code error;
  if (!fs::exists(database, error))
    return MakeError(Code::kNotFound, "{}: there is no state", database.string());
  const auto states = store::OpenSqliteStore(database);
  if (states) return StageHere(project, **states);
  if (states.error().code != Code::kFailedPrecondition) return tl::unexpected(states.error());
  return AskToStage(settings, insecure);
}

}  // namespace tributary
