#include "client/command/client_consent.h"

#include <cstdio>

#include "client/command/client_box.h"

namespace tributary {
namespace {

struct Options {
  std::string config = "client.toml";
  RunId run;
};

constexpr Duration kPatience = std::chrono::seconds(3);

Result<int> Ask(const std::string& verb, const Options& options) {
  ASSIGN_OR_RETURN(const edge::RequestBox box, BoxOf(options.config));
  ASSIGN_OR_RETURN(const std::string name, box.Put(verb, options.run));
  const auto answer = box.Wait(name, kPatience);
  if (!answer) {
    fmt::print("{}: {} is kept; no client runs here, it takes effect when it is next started\n",
               options.run.value, verb);
    return kDone;
  }
  fmt::print(answer->is_done ? stdout : stderr, "{}\n", answer->text);
  return answer->is_done ? kDone : kWorkFailed;
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
    commands.emplace_back(verb, command);
  }
  return [options, commands]() -> std::optional<Result<int>> {
    for (const auto& [verb, command] : commands)
      if (command.was_given()) return Ask(verb, *options);
    return std::nullopt;
  };
}

}  // namespace tributary
