// tributary doctor

#include <cstdio>

#include "aggregation/base/file.h"
#include "client/edge/settings.h"
#include "coordinator/command/doctor_sides.h"
#include "coordinator/config/read.h"
#include "coordinator/daemon/settings.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

struct Options {
  RemoteOptions remote;
  std::string file;
};

// --- whose configuration it is ---

enum class Kind { kCoordinator, kClient, kRun };
constexpr std::string_view kKinds[] = {"coordinator", "client", "run"};

// The one whose keys the file fits best.
Result<Kind> KindOf(const std::string& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, size_t{1} << 20));
  daemon::Settings coordinator;
  edge::Settings client;
  config::Config run;
  std::vector<config::ClientGroup> groups;
  const auto base = fs::path(file).parent_path();
  ASSIGN_OR_RETURN(
      const auto as_coordinator,
      config::ReadKeys(text, file, base, daemon::KeysOf(coordinator), daemon::SettingsSections()));
  ASSIGN_OR_RETURN(const auto as_client, config::ReadKeys(text, file, base, edge::KeysOf(client),
                                                          edge::SettingsSections()));
  ASSIGN_OR_RETURN(const auto as_run, config::ReadKeys(text, file, base, config::Keys(run),
                                                       config::Sections(), &groups));
  if (as_run.size() < std::min(as_coordinator.size(), as_client.size())) return Kind::kRun;
  return as_client.size() < as_coordinator.size() ? Kind::kClient : Kind::kCoordinator;
}

// --- without a configuration: an operator ---

Status CheckOperator(const Options& options, Examination* found) {
  ASSIGN_OR_RETURN(const rpc::Endpoint endpoint, EndpointOf(options.remote));
  if (!endpoint.insecure)
    CheckIdentity("yours", endpoint.identity, privacy::Purpose::kClient, "",
                  "tributary certs renew, or join with another invitation", found);
  CheckCoordinatorAnswers(endpoint, found);
  return {};
}

Result<int> Run(const Options& options) {
  Examination found;
  CheckVersions(&found);
  std::string_view kind = "operator";
  Status status;
  if (options.file.empty()) {
    status = CheckOperator(options, &found);
  } else if (const auto recognised = KindOf(options.file); !recognised) {
    kind = "unknown", status = tl::unexpected(recognised.error());
  } else {
    kind = kKinds[static_cast<size_t>(*recognised)];
    if (*recognised == Kind::kRun)
      return InvalidArgument("{}: is a run's configuration; `tributary check {}` looks at it",
                             options.file, options.file);
    status = *recognised == Kind::kClient ? CheckClient(options.file, options.remote, &found)
                                          : CheckCoordinator(options.file, options.remote, &found);
  }
  if (!status)
    found.Fault(options.file.empty() ? "connection" : "configuration", status.error().message,
                options.file.empty() ? "or name a configuration" : "correct it, and ask again");
  if (options.remote.json)
    fmt::print("{}\n", found.AsJson(kind));
  else
    fmt::print("{}", found.AsText());
  return found.Count(Finding::kFault) > 0 ? kWorkFailed : kDone;
}

}  // namespace

CommandBody AddDoctor(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("CONFIG", options->file,
              "A coordinator's or a client's configuration; without it your own connection is "
              "looked at");
  AddRemoteOptions(line, &options->remote);
  line.Footer(
      "Looks at configuration, directories and room on their disks, keys and their modes, "
      "certificates and their age, ports, the coordinator and its clock, models, rows, training "
      "and limits; one line each: ok, warning or fault, what was found, what to do. Run it as the "
      "user that runs the daemon. Changes nothing, and disturbs no daemon that runs. Exit code 1 "
      "where there is a fault.\nExamples:\n  tributary doctor coordinator.toml\n"
      "  tributary doctor client.toml --format json\n  tributary doctor --connection hospitals");
  return [options] { return Run(*options); };
}

}  // namespace tributary
