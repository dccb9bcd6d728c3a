// tributary client

#include <cstdio>

#include "aggregation/base/version.h"
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
  app.add_option("CONFIG", options->file, "Configuration (TOML)")->required();
  app.add_flag("--insecure", options->insecure,
               "Call without TLS, on a loopback address only: for trying things out");
  app.footer(
      "Example:\n  tributary client client.toml\nCtrl-C or SIGTERM stops it within a "
      "training step; what it had in hand goes on when it is started again.");
  return [options] { return Run(*options); };
}

}  // namespace tributary
