// tributary simulate

#include <algorithm>
#include <cstdio>
#include <thread>

#include "coordinator/command/load.h"
#include "coordinator/command/progress.h"
#include "coordinator/config/read.h"
#include "coordinator/simulation/run_directory.h"
#include "coordinator/simulation/simulate.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

struct Options {
  std::string file, out, resume, device = "auto";
  bool json = false;
  std::vector<std::string> set;
  int workers = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
};

Result<int> Run(const Options& options) {
  if (options.file.empty() == options.resume.empty())
    return InvalidArgument("name a configuration FILE, or a run with --resume DIR");
  if (!options.resume.empty() && !options.set.empty())
    return InvalidArgument("--set with --resume: a run keeps the configuration it began with");
  if (!options.resume.empty() && !options.out.empty())
    return InvalidArgument("--out with --resume: the run goes on in its own directory");
  config::ReadConfig read;
  simulation::SimulateOptions simulate{
      options.out.empty() ? "runs/" + std::filesystem::path(options.file).stem().string()
                          : options.out,
      false, options.workers, options.device};
  if (options.resume.empty()) {
    read = config::ReadConfigFile(options.file, options.set);
  } else {
    simulate.out = options.resume;
    simulate.resume = true;
    ASSIGN_OR_RETURN(read, simulation::ReadRunToml(options.resume));
  }
  const std::string name = options.resume.empty() ? options.file : options.resume + "/run.toml";
  std::error_code error;
  if (!simulate.resume && std::filesystem::exists(simulate.out / "run.toml", error))
    return MakeError(
        Code::kAlreadyExists,
        "{}: already holds a run; go on with --resume {}, or name another directory with --out",
        simulate.out.string(), simulate.out.string());
  CatchInterrupts();
  auto progress = MakeProgress(options.json);
  ASSIGN_OR_RETURN(const auto environment,
                   LoadOrListFaults(std::move(read), name, options.workers));
  ASSIGN_OR_RETURN(const auto result,
                   simulation::Simulate(*environment, simulate, *progress, IsInterrupted));
  progress->OnEnd(result, simulate.out.string());
  if (result.ending == simulation::Ending::kInterrupted) return kInterrupted;
  return result.ending == simulation::Ending::kPaused ? kWorkFailed : kDone;
}

}  // namespace

CommandBody AddSimulate(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("FILE", options->file, "Configuration (TOML); docs/configuration.md lists the keys");
  line.Option("--set", options->set, "section.key=value: override a key; may be repeated")
      .TypeName("KEY=VALUE");
  line.Option("--out", options->out, "Run directory (default: runs/NAME of FILE)").TypeName("DIR");
  line.Option("--resume", options->resume,
              "Go on with the interrupted run in DIR; it ends in the same bytes")
      .TypeName("DIR");
  line.Option("--workers", options->workers,
              "Clients that train at the same time; never changes a result")
      .Between(1, 1024);
  line.Option("--device", options->device, "auto, cpu, cuda or cuda:N");
  AddFormat(line, &options->json, "text or json (one object a line)");
  line.Footer(
      "Examples:\n  tributary simulate federation.toml --out runs/first\n"
      "  tributary simulate federation.toml --set adapter.method=fed-sb --set federation.rounds=3 "
      "--out runs/sb\n"
      "  tributary simulate --resume runs/first\n"
      "Ctrl-C stops within a training step, writes what there is and says how to go on.");
  return [options] { return Run(*options); };
}

}  // namespace tributary
