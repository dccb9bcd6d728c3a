// tributary export

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/strategy/export.h"
#include "aggregation/strategy/run_state.h"
#include "coordinator/command/remote.h"
#include "coordinator/plan/assemble.h"
#include "coordinator/simulation/run_directory.h"
#include "deploy/commands.h"
#include "proto/rpc/fetch.h"

namespace tributary {
namespace {

struct Options {
  RemoteOptions remote;
  std::string run, out, round, model;
  int64_t rank = 0;
  bool portable = false, merge = false;
};

Status CheckOptions(const Options& options) {
  if (options.merge && (options.rank > 0 || options.portable))
    return InvalidArgument(
        "--merge writes the exact weights; --rank and --portable are for adapters");
  std::error_code error;
  if (std::filesystem::exists(options.out, error) &&
      !std::filesystem::is_directory(options.out, error))
    return MakeError(Code::kAlreadyExists, "{}: is a file, expected a directory to write",
                     options.out);
  if (std::filesystem::exists(options.out, error) && !std::filesystem::is_empty(options.out, error))
    return MakeError(Code::kAlreadyExists,
                     "{}: exists and is not empty; name a new directory with --out", options.out);
  return {};
}

// What an adapter is made of.
struct Source {
  config::Config config;
  std::filesystem::path model;
  std::string base_digest, state;
  artefact::Provenance provenance;
};

Result<Source> FromDirectory(const Options& options) {
  ASSIGN_OR_RETURN(const simulation::RunDirectory run, simulation::OpenRunDirectory(options.run));
  if (run.view.rounds.empty())
    return MakeError(Code::kNotFound, "{}: nothing was committed yet", options.run);
  const std::string which =
      options.round.empty() ? std::to_string(run.view.rounds[run.view.kept].round) : options.round;
  ASSIGN_OR_RETURN(const report::Round* round, run.FindRound(which));
  ASSIGN_OR_RETURN(const auto blob, run.blobs->Open(*round->digest));
  return Source{run.config,
                run.config.model_path,
                run.facts.base_digest.Hex(),
                {reinterpret_cast<const char*>(blob->bytes().data()), blob->bytes().size()},
                report::ProvenanceOf(run.facts, run.view, *round)};
}

Result<Source> FromCoordinator(const Options& options) {
  if (options.model.empty())
    return InvalidArgument(
        "{}: is no directory, and a coordinator's run needs --model, the base model's directory",
        options.run);
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  ASSIGN_OR_RETURN(const auto manifest,
                   channel->Call<proto::ExportManifest>(
                       "Admin/Export", proto::ExportRequest{{options.run}, options.round}));
  ASSIGN_OR_RETURN(config::Config plan, config::ReadPlan(manifest.plan.value));
  const auto facts = ParseJson(manifest.facts.value);
  Source source{std::move(plan), {}, "", "", {}};
  source.base_digest = source.config.model.digest;
  source.provenance = report::ProvenanceFromJson(facts);
  source.provenance.round = manifest.round;
  source.provenance.state_digest = manifest.state.Hex();
  ASSIGN_OR_RETURN(source.state, rpc::FetchBlob(*channel, {options.run}, manifest.state,
                                                static_cast<size_t>(manifest.size)));
  return source;
}

void PrintJson(const Options& options, const Source& source, double error) {
  nlohmann::ordered_json json = {{"schema", 1},
                                 {"directory", options.out},
                                 {"merged", options.merge},
                                 {"truncation_error", error}};
  json.update(report::ToJson(source.provenance));
  fmt::print("{}\n", DumpJson(json));
}

Result<int> Run(const Options& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  std::error_code error_code;
  const bool is_directory = options.run.find('/') != std::string::npos ||
                            std::filesystem::is_directory(options.run, error_code);
  ASSIGN_OR_RETURN(const Source source,
                   is_directory ? FromDirectory(options) : FromCoordinator(options));
  const std::filesystem::path model =
      options.model.empty() ? source.model : std::filesystem::path(options.model);
  ASSIGN_OR_RETURN(const model::Directory base, model::OpenDirectory(model));
  if (base.digest.Hex() != source.base_digest)
    return MakeError(Code::kFailedPrecondition,
                     "{} was run on the base model with digest {}, but {} has {}", options.run,
                     source.base_digest, model.string(), base.digest.Hex());
  ASSIGN_OR_RETURN(const strategy::AdapterSpec spec,
                   plan::AdapterOf(source.config, {base.family, base.config}));
  ASSIGN_OR_RETURN(const strategy::RunState state,
                   strategy::ParseRunState(spec, std::as_bytes(std::span(source.state))));
  const artefact::Provenance& provenance = source.provenance;
  if (state.adapter.empty())
    return MakeError(Code::kFailedPrecondition,
                     "{}: round {} ended before the adapter's start was known", options.run,
                     provenance.round);
  if (options.merge) {
    RETURN_IF_ERROR(artefact::WriteMergedDirectory(options.out, spec, state.adapter, source.config,
                                                   base, provenance));
    if (options.remote.json) return PrintJson(options, source, 0), kDone;
    fmt::print("round {}, merged into the weights of {}: {}\n", provenance.round,
               source.config.model.name, options.out);
    return kDone;
  }
  adapter::PeftOptions peft;
  peft.rank = options.rank;
  peft.portable = options.portable;
  ASSIGN_OR_RETURN(
      const double error,
      artefact::WriteAdapterDirectory(options.out, strategy::ExportAdapter(spec, state.adapter),
                                      source.config, base, provenance, peft));
  if (options.remote.json) return PrintJson(options, source, error), kDone;
  fmt::print("round {}, {}: {}\n", provenance.round,
             error == 0 ? "exact"
                        : fmt::format("cut to rank {}, relative error {:.3e} of the whole change",
                                      options.rank, error),
             options.out);
  return kDone;
}

}  // namespace

CommandBody AddExport(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("RUN", options->run,
              "A run's directory, finished or interrupted, or the id of a coordinator's run")
      .Required();
  line.Option("--out", options->out, "Directory to write; must be empty or absent")
      .Required()
      .TypeName("DIR");
  line.Option("--round", options->round,
              "A round's number, last or best (default: the one to keep)");
  line.Option("--rank", options->rank, "Cut layers above this rank by SVD; the error is printed")
      .Between(1, 4096);
  line.Flag("--portable", options->portable,
            "One rank for all layers and no patterns, for readers that know no better");
  line.Flag("--merge", options->merge,
            "Write the whole model with the adapter in its weights instead");
  line.Option("--model", options->model,
              "Directory of the base model (default: as in the run's configuration)")
      .TypeName("DIR");
  AddRemoteOptions(line, &options->remote);
  line.Footer(
      "Examples:\n  tributary export runs/first --out adapter-8 --rank 8\n"
      "  tributary export runs/first --out merged --merge\n"
      "  tributary export runs/first --out best --round best");
  return [options] { return Run(*options); };
}

}  // namespace tributary
