// tributary client

#include <cstdio>

#include "aggregation/base/version.h"
#include "client/command/client_consent.h"
#include "client/command/client_dry_run.h"
#include "client/command/join.h"
#include "client/edge/edge.h"
#include "client/trainer_module.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

struct Options {
  std::string file, plan;
  bool insecure = false, dry_run = false, metrics = false;
};

Result<int> Run(const Options& options) {
  if (options.metrics) return fmt::print("{}", edge::RenderMetricManual()), kDone;
  ASSIGN_OR_RETURN(edge::Settings settings, edge::ReadSettings(options.file));
  client::LimitGpuMemory(settings.gpu_memory);
  if (options.dry_run) return DryRunClient(settings, options.plan);
  CatchInterrupts();
  ASSIGN_OR_RETURN(const auto log, Log::Open(settings.log));
  log->Info("client_started", {{"name", settings.name},
                               {"version", std::string(kVersion)},
                               {"coordinator", settings.coordinator},
                               {"insecure", options.insecure}});
  ASSIGN_OR_RETURN(const auto edge, edge::Edge::Start(std::move(settings), options.insecure, *log));
  if (const auto port = edge->http_port(); port && !log->is_json())
    fmt::print(stderr, "metrics and status: http://127.0.0.1:{}/metrics\n", *port);
  const auto read_level = [&] {  // what may change while it runs
    const auto again = edge::ReadSettings(options.file);
    const auto level = again ? LogLevelFromName(again->log.level) : tl::unexpected(again.error());
    if (level)
      log->SetLevel(*level);
    else
      log->Error("upkeep_failed", {{"error", level.error().message}});
  };
  WaitForInterrupt(read_level, [&] { return edge->busy() < kStuck; });
  log->Info("client_stopping");
  return kDone;
}

}  // namespace

CommandBody AddClient(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("CONFIG", options->file, "Configuration (TOML)");
  const auto joining = AddJoining(line);
  const auto consent = AddConsentCommands(line);
  line.Flag("--insecure", options->insecure,
            "Call without TLS, on a loopback address only: for trying things out");
  line.Flag("--dry-run", options->dry_run,
            "Check model, rows and policy, train one step, show what would be sent; no "
            "coordinator is called");
  line.Flag("--metrics", options->metrics,
            "Print the list of all metrics (docs/client-metrics.md) instead");
  line.Option("--plan", options->plan, "With --dry-run: a run's configuration (TOML)")
      .TypeName("FILE");
  line.Footer(
      "Examples:\n  tributary client join TRIBJOIN1...\n  tributary client client.toml\n"
      "  tributary client approve flora-1 --config client.toml\n"
      "  tributary client client.toml --dry-run --plan federation.toml\n"
      "Ctrl-C or SIGTERM stops it within a training step; what it had in hand goes on when it is "
      "started again.");
  return [=]() -> Result<int> {
    if (auto joined = joining()) return *std::move(joined);
    if (auto asked = consent()) return *std::move(asked);
    if (options->file.empty() && !options->metrics)
      return InvalidArgument("CONFIG is missing: a file in TOML");
    return Run(*options);
  };
}

}  // namespace tributary
