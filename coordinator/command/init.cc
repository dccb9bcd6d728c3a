// tributary init

#include <fmt/ranges.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "aggregation/base/name.h"
#include "client/edge/settings.h"
#include "coordinator/config/example.h"
#include "coordinator/daemon/settings.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string directory = ".", project = "default";
  bool coordinator = false, client = false, json = false;
};

struct NewFile {
  fs::path path;
  std::string text;
};

std::string CoordinatorFile(const std::string& project) {
  daemon::Settings settings;
  settings.project = project;
  settings.http_listen = "127.0.0.1:7342";
  static constexpr config::ShownKey kShown[] = {
      {"project"}, {"directory"}, {"listen"}, {"enrolment.listen"}, {"http.listen"}};
  return config::RenderExample(
      "A coordinator. It serves this machine alone as it stands: for others, listen on 0.0.0.0 and "
      "say in `address` how they reach it.",
      daemon::KeysOf(settings), daemon::SettingsSections(), kShown);
}

std::string ClientFile() {
  edge::Settings settings;
  settings.models = {"model"};
  settings.data.train = "train.jsonl";
  static constexpr config::ShownKey kShown[] = {
      {"directory"},
      {"models", "where the base model is"},
      {"data.train", "the site's rows: .jsonl, .csv or .tsv"},
      {"data.text"},
      {"data.label"}};
  return config::RenderExample("A site's client.", edge::KeysOf(settings), edge::SettingsSections(),
                               kShown);
}

std::string PlanFile() {
  config::Config plan;
  plan.seed = 1;
  plan.partition_seed = plan.cohort_seed = plan.init_seed = plan.training_seed = plan.seed;
  plan.model.name = "google-bert/bert-base-uncased";
  plan.model_path = "model";
  plan.model.labels = {"no", "yes"};
  plan.federation.minimum = 2;
  plan.evaluation.on = "clients";
  static constexpr config::ShownKey kShown[] = {{"format"},
                                                {"seed"},
                                                {"model.name", "the base model's name"},
                                                {"model.path", "where it is on this machine"},
                                                {"model.labels", "the labels of all sites"},
                                                {"adapter.method"},
                                                {"adapter.rank"},
                                                {"training.learning_rate"},
                                                {"training.batch_size"},
                                                {"federation.rounds"},
                                                {"federation.cohort"},
                                                {"federation.minimum"},
                                                {"evaluation.on"}};
  return config::RenderExample(
      "A run: what `tributary submit` gives to a coordinator, and `tributary simulate` runs on one "
      "machine once [data] is filled in.",
      config::Keys(plan), config::Sections(), kShown);
}

// All of them, or none.
Status WriteNew(const std::vector<NewFile>& files) {
  std::vector<std::string> there;
  std::error_code error;
  for (const NewFile& file : files)
    if (fs::exists(fs::symlink_status(file.path, error))) there.push_back(file.path.string());
  if (!there.empty())
    return MakeError(Code::kAlreadyExists,
                     "{}: already there, and nothing is overwritten; nothing was written",
                     fmt::join(there, ", "));
  RETURN_IF_ERROR(MakeDirectories(fs::absolute(files.front().path).parent_path()));
  for (const NewFile& file : files) RETURN_IF_ERROR(WriteFile(file.path, file.text));
  return {};
}

std::string ShellWord(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

void Show(const std::vector<NewFile>& files, bool as_json) {
  std::vector<std::string> paths;
  for (const NewFile& file : files) paths.push_back(file.path.string());
  if (as_json)
    fmt::print("{}\n", DumpJson(nlohmann::ordered_json{{"schema", 1}, {"files", paths}}));
  else
    fmt::print("{}\n", fmt::join(paths, "\n"));
}

void SayWhatNext(const fs::path& directory, bool coordinator, bool client) {
  const auto file = [&](const char* name) { return ShellWord((directory / name).string()); };
  std::string edit, next;
  if (client) edit += " " + file("client.toml");
  if (coordinator) edit += " " + file("plan.toml");
  if (coordinator)
    next += fmt::format(
        "  tributary certs init {0}\n  tributary coordinator {0}\n"
        "  tributary certs invite --site site-1                 # prints the join string of a "
        "site\n",
        file("coordinator.toml"));
  if (client)
    next += fmt::format(
        "  tributary client join STRING --config {0}   # at the site\n  tributary client {0}\n",
        file("client.toml"));
  if (coordinator)
    next += fmt::format("  tributary submit {}   # prints the run's id\n  tributary watch RUN\n",
                        file("plan.toml"));
  next += fmt::format("where something does not work:\n  tributary doctor {}\n",
                      file(coordinator ? "coordinator.toml" : "client.toml"));
  fmt::print(stderr, "next: change the lines marked EDIT in{}, then\n{}", edit, next);
}

Result<int> Run(const Options& options) {
  RETURN_IF_ERROR(CheckName("--project", options.project));
  const bool both = options.coordinator == options.client;
  const bool coordinator = both || options.coordinator, client = both || options.client;
  const fs::path directory = options.directory == "." ? "" : options.directory;
  std::vector<NewFile> files;
  if (coordinator) {
    files.push_back({directory / "coordinator.toml", CoordinatorFile(options.project)});
    files.push_back({directory / "plan.toml", PlanFile()});
  }
  if (client) files.push_back({directory / "client.toml", ClientFile()});
  RETURN_IF_ERROR(WriteNew(files));
  Show(files, options.json);
  SayWhatNext(directory, coordinator, client);
  return kDone;
}

}  // namespace

CommandBody AddInit(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("DIRECTORY", options->directory, "Where to write them (default: here)");
  line.Option("--project", options->project,
              "Name of the federation, which is in every certificate (default: default)")
      .TypeName("NAME");
  line.Flag("--coordinator", options->coordinator,
            "Write coordinator.toml and plan.toml, not client.toml");
  line.Flag("--client", options->client, "Write client.toml alone");
  AddFormat(line, &options->json);
  line.Footer(
      "Writes coordinator.toml, plan.toml (a run) and client.toml with every key and what it "
      "means, and says what to do next. Asks nothing, overwrites nothing.\nExamples:\n"
      "  tributary init federation --project hospitals\n  tributary init /etc/tributary --client");
  return [options] { return Run(*options); };
}

}  // namespace tributary
