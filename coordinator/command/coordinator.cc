// tributary coordinator

#include <malloc.h>

#include <cstdio>

#include "coordinator/monitor/metric_table.h"
#include "coordinator/service/coordinator.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

struct Options {
  std::string file;
  bool insecure = false, metrics = false;
};

void SayWhere(const daemon::Settings& settings, const service::CoordinatorDaemon& coordinator,
              bool insecure) {
  fmt::print(stderr, "project {} is served on {} (port {}){}\n", settings.project, settings.listen,
             coordinator.port(),
             insecure ? "; WITHOUT TLS: whoever reaches this machine may take part" : "");
  if (const auto port = coordinator.enrolment_port())
    fmt::print(stderr, "sites join on {} (port {})\n", settings.enrolment_listen, *port);
  if (const auto port = coordinator.http_port())
    fmt::print(stderr, "dashboard and metrics: http://127.0.0.1:{}/\n", *port);
}

// Threads by the dozen pass chunks of uploads to each other: few arenas keep what is free in few
// places, and buffers of a chunk are not given back to the system for each one.
void PrepareMemory() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

Result<int> Run(const Options& options) {
  if (options.metrics) return fmt::print("{}", monitor::RenderMetricManual()), kDone;
  if (options.file.empty()) return InvalidArgument("name a configuration, CONFIG");
  ASSIGN_OR_RETURN(const daemon::Settings settings, daemon::ReadSettings(options.file));
  CatchInterrupts();
  PrepareMemory();
  ASSIGN_OR_RETURN(const auto coordinator,
                   service::CoordinatorDaemon::Start(settings, options.insecure));
  if (!coordinator->log().is_json()) SayWhere(settings, *coordinator, options.insecure);
  WaitForInterrupt([&] { coordinator->KeepUp(daemon::ReadSettings(options.file)); },
                   [&] { return coordinator->busy() < kStuck; });
  if (!coordinator->log().is_json())
    fmt::print(stderr, "stopping; a second Ctrl-C stops at once\n");
  coordinator->Stop();
  return kDone;
}

}  // namespace

CommandBody AddCoordinator(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("CONFIG", options->file, "Configuration (TOML)");
  line.Flag("--insecure", options->insecure,
            "Serve without TLS, on a loopback address only: for trying things out");
  line.Flag("--metrics", options->metrics,
            "Print the list of all metrics (docs/metrics.md) instead");
  line.Footer(
      "Example:\n  tributary coordinator coordinator.toml\nCtrl-C or SIGTERM stops it; "
      "whatever it had acknowledged goes on when it is started again, also after kill -9.");
  return [options] { return Run(*options); };
}

}  // namespace tributary
