// tributary export

#include <cstdio>

#include "aggregation/strategy/export.h"
#include "aggregation/strategy/run_state.h"
#include "coordinator/plan/assemble.h"
#include "coordinator/simulation/run_directory.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

struct Options {
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

Result<strategy::RunState> ReadState(const simulation::RunDirectory& run,
                                 const strategy::AdapterSpec& spec, const report::Round& round) {
  ASSIGN_OR_RETURN(const auto blob, run.blobs->Open(*round.digest));
  ASSIGN_OR_RETURN(strategy::RunState state, strategy::ParseRunState(spec, blob->bytes()));
  if (state.adapter.empty())
    return MakeError(Code::kFailedPrecondition,
                     "{}: round {} ended before the adapter's start was known", run.path.string(),
                     round.round);
  return state;
}

Result<int> Run(const Options& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(const simulation::RunDirectory run, simulation::OpenRunDirectory(options.run));
  if (run.view.rounds.empty())
    return MakeError(Code::kNotFound, "{}: nothing was committed yet", options.run);
  const std::string which =
      options.round.empty() ? std::to_string(run.view.rounds[run.view.kept].round) : options.round;
  ASSIGN_OR_RETURN(const report::Round* round, run.FindRound(which));
  const std::filesystem::path model =
      options.model.empty() ? run.config.model_path : std::filesystem::path(options.model);
  ASSIGN_OR_RETURN(const model::Directory base, model::OpenDirectory(model));
  if (base.digest != run.facts.base_digest)
    return MakeError(Code::kFailedPrecondition,
                     "{} was run on the base model with digest {}, but {} has {}", options.run,
                     run.facts.base_digest.Hex(), model.string(), base.digest.Hex());
  ASSIGN_OR_RETURN(const strategy::AdapterSpec spec, plan::AdapterOf(run.config, {base.family, base.config}));
  ASSIGN_OR_RETURN(const strategy::RunState state, ReadState(run, spec, *round));
  const artefact::Provenance provenance = simulation::ProvenanceOf(run.facts, run.view, *round);
  if (options.merge) {
    RETURN_IF_ERROR(artefact::WriteMergedDirectory(options.out, spec, state.adapter, run.config,
                                                   base, provenance));
    fmt::print("round {}, merged into the weights of {}: {}\n", round->round, run.config.model.name,
               options.out);
    return kDone;
  }
  adapter::PeftOptions peft;
  peft.rank = options.rank;
  peft.portable = options.portable;
  ASSIGN_OR_RETURN(
      const double error,
      artefact::WriteAdapterDirectory(options.out, strategy::ExportAdapter(spec, state.adapter),
                                      run.config, base, provenance, peft));
  fmt::print("round {}, {}: {}\n", round->round,
             error == 0 ? "exact"
                        : fmt::format("cut to rank {}, relative error {:.3e} of the whole change",
                                      options.rank, error),
             options.out);
  return kDone;
}

}  // namespace

CommandBody AddExport(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("RUN_DIR", options->run, "A run, finished or interrupted")->required();
  app.add_option("--out", options->out, "Directory to write; must be empty or absent")
      ->required()
      ->type_name("DIR");
  app.add_option("--round", options->round,
                 "A round's number, last or best (default: the one that RUN_DIR/adapter is of)");
  app.add_option("--rank", options->rank, "Cut layers above this rank by SVD; the error is printed")
      ->check(CLI::Range(1, 4096));
  app.add_flag("--portable", options->portable,
               "One rank for all layers and no patterns, for readers that know no better");
  app.add_flag("--merge", options->merge,
               "Write the whole model with the adapter in its weights instead");
  app.add_option("--model", options->model,
                 "Directory of the base model (default: as in the run's configuration)")
      ->type_name("DIR");
  app.footer(
      "Examples:\n  tributary export runs/first --out adapter-8 --rank 8\n"
      "  tributary export runs/first --out merged --merge\n"
      "  tributary export runs/first --out best --round best");
  return [options] { return Run(*options); };
}

}  // namespace tributary
