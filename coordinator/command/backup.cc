// tributary backup, restore: a coordinator's state, on the machine where it is

#include "coordinator/backup/backup.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "coordinator/command/stage.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string file, out, backup;
  bool insecure = false, replace = false, check = false, json = false;
};

nlohmann::ordered_json JsonOf(const backup::Facts& facts) {
  return {{"schema", 1},         {"project", facts.project},         {"version", facts.version},
          {"time", facts.time},  {"incarnation", facts.incarnation}, {"files", facts.files},
          {"bytes", facts.bytes}};
}

Result<int> Backup(const Options& options) {
  ASSIGN_OR_RETURN(const daemon::Settings settings, daemon::ReadSettings(options.file));
  fs::path out = fs::path(options.out).lexically_normal();
  if (!out.has_filename()) out = out.parent_path();  // "backups/today/"
  std::error_code error;
  if (fs::exists(out, error))
    return MakeError(Code::kAlreadyExists, "{}: exists; name a new directory", out.string());
  ASSIGN_OR_RETURN(const fs::path staging, StageProject(settings, options.insecure));
  ASSIGN_OR_RETURN(const backup::Facts facts, backup::Write(staging, settings.project, out));
  if (options.json)
    fmt::print("{}\n", DumpJson(JsonOf(facts)));
  else
    fmt::print("{}: {} files, {} bytes of project {}\n", out.string(), facts.files, facts.bytes,
               facts.project);
  fmt::print(stderr, "it holds the project's private keys: keep it where nobody else reads it\n");
  return kDone;
}

Result<int> Restore(const Options& options) {
  if (options.check) {
    ASSIGN_OR_RETURN(const backup::Facts facts, backup::Check(options.backup));
    if (options.json) return fmt::print("{}\n", DumpJson(JsonOf(facts))), kDone;
    fmt::print("{}: project {}, made at {} by version {}: {} files, {} bytes, all as they were\n",
               options.backup, facts.project, facts.time, facts.version, facts.files, facts.bytes);
    return kDone;
  }
  if (options.file.empty()) return InvalidArgument("name the coordinator's configuration, CONFIG");
  ASSIGN_OR_RETURN(const daemon::Settings settings, daemon::ReadSettings(options.file));
  const fs::path target = daemon::ProjectDirectory(settings);
  ASSIGN_OR_RETURN(const backup::Restored restored,
                   backup::Restore(options.backup, settings.project, target, options.replace));
  if (options.json) {
    auto json = JsonOf(restored.facts);
    json["incarnation"] = restored.incarnation;
    json["replaced"] = restored.replaced.string();
    fmt::print("{}\n", DumpJson(json));
    return kDone;
  }
  fmt::print("{}: project {} as it was at {}, incarnation {}\n", target.string(), settings.project,
             restored.facts.time, restored.incarnation);
  if (!restored.replaced.empty())
    fmt::print(stderr, "what was there is now {}\n", restored.replaced.string());
  fmt::print(stderr,
             "next:\n  tributary coordinator {}\n"
             "Runs of which clients have seen more than this backup pause and say so; private runs "
             "pause in any case.\n`tributary resume RUN` goes on behind what was lost.\n",
             options.file);
  return kDone;
}

}  // namespace

CommandBody AddBackup(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("CONFIG", options->file, "The coordinator's configuration").Required();
  line.Option("--out", options->out, "Directory to make").Required();
  line.Flag("--insecure", options->insecure, "The coordinator runs without TLS");
  AddFormat(line, &options->json);
  line.Footer(
      "On the coordinator's machine, whether it runs or not: what is copied is its state at one "
      "instant, and no run waits for it.\n"
      "Example:\n  tributary backup coordinator.toml --out /backup/$(date +%F)");
  return [options] { return Backup(*options); };
}

CommandBody AddRestore(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("BACKUP", options->backup, "Directory that `tributary backup` made").Required();
  line.Option("CONFIG", options->file, "The coordinator's configuration");
  line.Flag("--replace", options->replace, "Move aside the state that is there");
  line.Flag("--check", options->check, "Only read the backup and compare its digests");
  AddFormat(line, &options->json);
  line.Footer(
      "Examples:\n  tributary restore /backup/2026-03-01 --check\n"
      "  tributary restore /backup/2026-03-01 coordinator.toml --replace");
  return [options] { return Restore(*options); };
}

}  // namespace tributary
