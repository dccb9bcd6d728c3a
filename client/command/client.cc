// tributary client

#include <cstdio>

#include "aggregation/base/version.h"
#include "client/command/join.h"
#include "client/edge/edge.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

struct Options {
  std::string file;
  bool insecure = false;
};

Result<int> Run(const Options& options) {
  ASSIGN_OR_RETURN(edge::Settings settings, edge::ReadSettings(options.file));
  CatchInterrupts();
  ASSIGN_OR_RETURN(const auto log, Log::Open(settings.log));
  log->Info("client_started", {{"name", settings.name},
                               {"version", std::string(kVersion)},
                               {"coordinator", settings.coordinator},
                               {"insecure", options.insecure}});
  ASSIGN_OR_RETURN(const auto edge, edge::Edge::Start(std::move(settings), options.insecure, *log));
  WaitForInterrupt();
  log->Info("client_stopping");
  return kDone;
}

}  // namespace

CommandBody AddClient(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::Option* config = app.add_option("CONFIG", options->file, "Configuration (TOML)");
  const auto joining = AddJoining(app);
  app.add_flag("--insecure", options->insecure,
               "Call without TLS, on a loopback address only: for trying things out");
  app.footer(
      "Examples:\n  tributary client join TRIBJOIN1...\n  tributary client client.toml\nCtrl-C or "
      "SIGTERM stops it within a "
      "training step; what it had in hand goes on when it is started again.");
  return [=]() -> Result<int> {
    if (auto joined = joining()) return *std::move(joined);
    if (config->empty()) return InvalidArgument("CONFIG is missing: the client's configuration");
    return Run(*options);
  };
}

}  // namespace tributary
