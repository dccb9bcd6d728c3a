#include "client/command/client_consent.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "client/command/client_box.h"

namespace tributary {
namespace {

struct Options {
  std::string config = "client.toml";
  RunId run;
  bool json = false;
};

constexpr Duration kPatience = std::chrono::seconds(3);

Result<int> Ask(const std::string& verb, const Options& options) {
  ASSIGN_OR_RETURN(const edge::RequestBox box, BoxOf(options.config));
  ASSIGN_OR_RETURN(const std::string name, box.Put(verb, options.run));
  const auto answer = box.Wait(name, kPatience);
  const bool is_refused = answer && !answer->is_done;
  const std::string text =
      answer ? answer->text
             : fmt::format(
                   "{}: {} is kept; no client runs here, it takes effect when it is next "
                   "started",
                   options.run.value, verb);
  if (options.json && !is_refused)
    fmt::print("{}\n", DumpJson(nlohmann::ordered_json{{"schema", 1},
                                                       {"run", options.run.value},
                                                       {"asked", verb},
                                                       {"effective", answer.has_value()},
                                                       {"text", text}}));
  else
    fmt::print(is_refused ? stderr : stdout, "{}\n", text);
  return is_refused ? kWorkFailed : kDone;
}

}  // namespace

std::function<std::optional<Result<int>>()> AddConsentCommands(CommandLine client) {
  static constexpr std::pair<const char*, const char*> kVerbs[] = {
      {"approve", "Take part in a run, or go on with changed data"},
      {"decline", "Take no part in a run until it is approved"},
      {"withdraw", "Take no more part in a run, for good; what it has counted remains in it"}};
  auto options = std::make_shared<Options>();
  std::vector<std::pair<std::string, CommandLine>> commands;
  for (const auto& [verb, help] : kVerbs) {
    CommandLine command = client.Command(verb, help);
    command.Option("RUN", options->run.value, "Id of the run").Required();
    command.Option("--config", options->config, "The client's configuration")
        .ShowDefault()
        .TypeName("FILE");
    AddFormat(command, &options->json);
    commands.emplace_back(verb, command);
  }
  return [options, commands]() -> std::optional<Result<int>> {
    for (const auto& [verb, command] : commands)
      if (command.was_given()) return Ask(verb, *options);
    return std::nullopt;
  };
}

}  // namespace tributary
