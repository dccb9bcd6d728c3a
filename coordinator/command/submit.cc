// tributary submit

#include <cstdio>

#include "aggregation/base/file.h"
#include "client/model/directory.h"
#include "coordinator/command/load.h"
#include "coordinator/command/remote.h"
#include "coordinator/config/read.h"
#include "coordinator/config/render.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

struct Options {
  RemoteOptions remote;
  std::string file, name, designated, token, model_config;
  std::vector<std::string> set, where;
};

// The base model's, where it is not given and the model is here.
Status FillInDigest(config::Config* config) {
  if (!config->model.digest.empty() || config->model_path.empty()) return {};
  ASSIGN_OR_RETURN(const auto model, model::OpenDirectory(config->model_path));
  config->model.digest = model.digest.Hex();
  return {};
}

Result<int> Run(const Options& options) {
  config::ReadConfig read = config::ReadConfigFile(options.file, options.set);
  RETURN_IF_ERROR(ListFaults(read.faults, options.file));
  RETURN_IF_ERROR(FillInDigest(&read.config));
  proto::Submission submission{options.token,      {},           {}, options.name,
                               options.designated, options.where};
  submission.plan.value = config::RenderPlan(read.config);
  const std::filesystem::path model_config = options.model_config.empty()
                                                 ? read.config.model_path / "config.json"
                                                 : std::filesystem::path(options.model_config);
  if (options.model_config.empty() && read.config.model_path.empty())
    return InvalidArgument(
        "{} has no model.path: name the base model's config.json with "
        "--model-config",
        options.file);
  ASSIGN_OR_RETURN(submission.model_config.value, ReadFile(model_config, size_t{1} << 20));
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  ASSIGN_OR_RETURN(const auto run, channel->Call<proto::RunRef>("Admin/Submit", submission));
  if (options.remote.json)
    fmt::print("{{\"schema\":1,\"run\":\"{}\"}}\n", run.run.value);
  else
    fmt::print("{}\n", run.run.value);
  return kDone;
}

}  // namespace

CommandBody AddSubmit(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("FILE", options->file, "Configuration of the run, as for simulate").Required();
  line.Option("--set", options->set, "section.key=value: override a key; may be repeated")
      .TypeName("KEY=VALUE");
  line.Option("--name", options->name, "Name of the run; a number is put behind it");
  line.Option("--where", options->where, "Only clients with this tag; may be repeated")
      .TypeName("TAG=VALUE");
  line.Option("--designated", options->designated, "The client that holds public rows")
      .TypeName("CLIENT");
  line.Option("--token", options->token,
              "The same token gives the same run, however often it is submitted");
  line.Option("--model-config", options->model_config,
              "config.json of the base model, where FILE has no model.path");
  AddRemoteOptions(line, &options->remote);
  line.Footer("Example:\n  run=$(tributary submit federation.toml)\n  tributary wait \"$run\"");
  return [options] { return Run(*options); };
}

}  // namespace tributary
