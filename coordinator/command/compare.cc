// tributary compare

#include <cstdio>

#include "aggregation/base/file.h"
#include "aggregation/base/units.h"
#include "aggregation/strategy/method.h"
#include "coordinator/report/comparison.h"
#include "coordinator/simulation/run_directory.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

bool IsRun(const fs::path& path) {
  std::error_code error;
  return fs::exists(path / "run.toml", error);
}

Result<report::ComparedRun> ReadRun(const std::string& group, const fs::path& path) {
  ASSIGN_OR_RETURN(const auto run, simulation::OpenRunDirectory(path));
  if (!run.view.finished)
    return MakeError(Code::kFailedPrecondition,
                     "{}: the run has not finished; go on with tributary simulate --resume {}",
                     path.string(), path.string());
  const strategy::Method* method = strategy::FindMethod(run.config.adapter.method);
  report::ComparedRun compared{.group = group,
                               .seed = static_cast<uint64_t>(run.config.seed),
                               .learning_rate = run.config.training.learning_rate,
                               .is_personal = method != nullptr && method->is_personal()};
  int64_t bytes = 0;
  for (const report::Round& round : run.view.rounds) {
    bytes += round.work_bytes_up + round.work_bytes_down;
    compared.examples += round.trained_rows;
    const auto accuracy = run.view.AccuracyOf(round);
    if (round.round == 0) compared.start = accuracy.value_or(0);
    if (round.round > 0 && accuracy) compared.points.push_back({bytes, *accuracy});
  }
  const auto last =
      run.view.rounds.empty() ? std::nullopt : run.view.AccuracyOf(run.view.rounds.back());
  if (!last || !run.view.AccuracyOf(run.view.rounds.front()))
    return MakeError(Code::kFailedPrecondition,
                     "{}: its start and last round were not evaluated; compare needs both",
                     path.string());
  return compared;
}

// A run is a group of its own; a folder of runs is a group.
Status ReadGroup(const fs::path& path, std::vector<report::ComparedRun>* runs) {
  const fs::path clean = path.has_filename() ? path : path.parent_path();
  const std::string name = clean.filename().string();
  if (IsRun(clean)) {
    ASSIGN_OR_RETURN(runs->emplace_back(), ReadRun(name, clean));
    return {};
  }
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(clean, error))
    if (IsRun(entry.path())) found.push_back(entry.path());
  if (found.empty())
    return MakeError(Code::kNotFound, "{}: neither a run (run.toml) nor a folder of runs",
                     clean.string());
  std::ranges::sort(found);
  for (const fs::path& run : found) {
    ASSIGN_OR_RETURN(runs->emplace_back(), ReadRun(name, run));
  }
  return {};
}

struct Options {
  std::vector<std::string> paths, references;
  std::string baseline, bytes, out, format = "text";
};

Result<int> RunCompare(const Options& options) {
  std::vector<report::ComparedRun> runs;
  for (const std::string& path : options.paths) RETURN_IF_ERROR(ReadGroup(path, &runs));
  report::CompareOptions wanted{options.baseline, options.references, 0};
  if (wanted.baseline.empty()) wanted.baseline = runs.front().group;
  if (!options.bytes.empty()) {
    ASSIGN_OR_RETURN(wanted.budget, ParseSize(options.bytes));
  }
  ASSIGN_OR_RETURN(const report::Comparison comparison, report::Compare(runs, wanted));
  if (!options.out.empty())
    RETURN_IF_ERROR(WriteFile(options.out, report::ComparisonHtml(comparison)));
  const auto render = options.format == "json"       ? report::ComparisonJson
                      : options.format == "markdown" ? report::ComparisonMarkdown
                                                     : report::ComparisonText;
  fmt::print("{}", render(comparison));
  return kDone;
}

}  // namespace

CommandBody AddCompare(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("PATH", options->paths,
              "Groups: a run directory, or a folder of runs that repeat one plan with several "
              "seeds; a group is named after its folder")
      .Required();
  line.Option("--baseline", options->baseline,
              "Group that the others are compared with, seed by seed; the first if absent");
  line.Option("--reference", options->references,
              "Group that is shown apart, below the others; may be repeated")
      .MayRepeat();
  line.Option("--bytes", options->bytes,
              "A second table: what each group reached within so many bytes, such as 50MB; "
              "evaluations do not count");
  line.Option("--out", options->out, "Write a page with a plot to this file");
  line.Option("--format", options->format, "text, markdown or json")
      .OneOf({"text", "markdown", "json"});
  line.Footer(
      "Examples:\n  tributary compare runs/fedit runs/flora --out comparison.html\n"
      "  tributary compare runs/grid/* --baseline fedit --bytes 20MB --format markdown");
  return [options] { return RunCompare(*options); };
}

}  // namespace tributary
