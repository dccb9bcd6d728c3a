// tributary check

#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "aggregation/base/json.h"
#include "aggregation/base/units.h"
#include "coordinator/command/load.h"
#include "coordinator/config/render.h"
#include "coordinator/simulation/costs.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> set;
  bool manual = false, json = false;
};

// Comments, so that what is printed stays a configuration.
void PrintCosts(const simulation::Environment& e) {
  fmt::print(
      "\n# {} clients, {} training rows, {} labels; {} layers adapted\n# plan digest {}\n# "
      "privacy: {}\n",
      e.clients.size(), e.train.rows(), e.config.model.labels.size(), e.adapter.targets.size(),
      config::PlanDigest(e.config).Hex(), e.privacy_statement);
  fmt::print(
      "# bytes by the formulas of {}, when everybody reports and has everything of the round "
      "before; evaluations apart:\n",
      e.config.adapter.method);
  double up = 0, down = 0;
  for (const simulation::StageCost& cost : simulation::CostsOf(e)) {
    const std::string rounds = cost.first == 0 ? std::string(Name(cost.kind))
                               : cost.first == cost.last
                                   ? fmt::format("round {}", cost.first)
                                   : fmt::format("rounds {}-{}, each", cost.first, cost.last);
    fmt::print("#   {:<20} {:>5} clients  up {:>9}  down {:>9}\n", rounds, cost.clients,
               FormatSize(cost.up), FormatSize(cost.down));
    const auto times = static_cast<double>(cost.last - cost.first + 1);
    up += times * static_cast<double>(cost.up);
    down += times * static_cast<double>(cost.down);
  }
  const auto size = [](double bytes) {
    return FormatSize(static_cast<int64_t>(std::min(bytes, 9e18)));
  };
  fmt::print("#   {:<20} {:>13}  up {:>9}  down {:>9}\n", "whole run", "", size(up), size(down));
}

void PrintJson(const simulation::Environment& e) {
  nlohmann::ordered_json json = {{"schema", 1},
                                 {"plan_digest", config::PlanDigest(e.config).Hex()},
                                 {"configuration", config::RenderToml(e.config)},
                                 {"clients", e.clients.size()},
                                 {"rows", e.train.rows()},
                                 {"labels", e.config.model.labels.size()},
                                 {"layers", e.adapter.targets.size()},
                                 {"privacy", e.privacy_statement},
                                 {"stages", nlohmann::ordered_json::array()}};
  for (const simulation::StageCost& cost : simulation::CostsOf(e))
    json["stages"].push_back({{"task", Name(cost.kind)},
                              {"first_round", cost.first},
                              {"last_round", cost.last},
                              {"clients", cost.clients},
                              {"bytes_up", cost.up},
                              {"bytes_down", cost.down}});
  fmt::print("{}\n", DumpJson(json));
}

Result<int> Run(const Options& options) {
  if (options.manual) return fmt::print("{}", config::RenderManual()), kDone;
  if (options.file.empty())
    return InvalidArgument("name a configuration FILE, or ask for the keys with --manual");
  const int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  ASSIGN_OR_RETURN(
      const auto environment,
      LoadOrListFaults(config::ReadConfigFile(options.file, options.set), options.file, threads));
  // Absolute, so that what is printed can be kept anywhere.
  for (std::filesystem::path* path : config::PathsOf(environment->config))
    if (!path->empty()) *path = std::filesystem::absolute(*path).lexically_normal();
  if (options.json) return PrintJson(*environment), kDone;
  fmt::print("{}", config::RenderToml(environment->config));
  PrintCosts(*environment);
  return kDone;
}

}  // namespace

CommandBody AddCheck(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("FILE", options->file, "Configuration (TOML); docs/configuration.md lists the keys");
  line.Option("--set", options->set, "section.key=value: override a key; may be repeated")
      .TypeName("KEY=VALUE");
  AddFormat(line, &options->json);
  line.Flag("--manual", options->manual,
            "Print the manual of all keys (docs/configuration.md) instead");
  line.Footer(
      "Lists all faults of configuration, model and data at once, or prints the effective "
      "configuration and what each\n"
      "round will cost in bytes. Trains nothing and needs no training module.\nExamples:\n"
      "  tributary check federation.toml\n  tributary check federation.toml --set "
      "adapter.method=fed-sb\n"
      "  tributary check --manual > docs/configuration.md");
  return [options] { return Run(*options); };
}

}  // namespace tributary
