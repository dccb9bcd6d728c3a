// tributary verify

#include "coordinator/daemon/verify.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "coordinator/command/stage.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

using How = daemon::VerifiedStage::How;

struct Options {
  std::string file = "coordinator.toml";
  RunId run;
  bool insecure = false, json = false;
};

void Print(const daemon::Verified& verified) {
  fmt::print("{}: {} records, each follows from those before\n", verified.run.value,
             verified.records);
  for (const daemon::VerifiedStage& stage : verified.stages) {
    const std::string what =
        stage.how == How::kMadeAgain
            ? fmt::format("made again from {} updates: equal bytes", stage.updates)
            : fmt::format("{}; {}",
                          stage.how == How::kKept ? "the state is that of its digest" : "not kept",
                          stage.why);
    fmt::print("  round {:>4} {:16} {}\n", stage.task.round, Name(stage.task.kind), what);
  }
  fmt::print("made again {}, kept {}, not kept {}, of {} committed stages\n",
             verified.Count(How::kMadeAgain), verified.Count(How::kKept),
             verified.Count(How::kNotKept), verified.stages.size());
}

nlohmann::ordered_json JsonOf(const daemon::Verified& verified) {
  nlohmann::ordered_json json = {{"schema", 1},
                                 {"run", verified.run.value},
                                 {"records", verified.records},
                                 {"made_again", verified.Count(How::kMadeAgain)},
                                 {"kept", verified.Count(How::kKept)},
                                 {"not_kept", verified.Count(How::kNotKept)},
                                 {"stages", nlohmann::ordered_json::array()}};
  for (const daemon::VerifiedStage& stage : verified.stages)
    json["stages"].push_back({{"sequence", stage.task.sequence},
                              {"round", stage.task.round},
                              {"task", Name(stage.task.kind)},
                              {"updates", stage.updates},
                              {"how", daemon::Name(stage.how)},
                              {"why", stage.why}});
  return json;
}

Result<int> Verify(const Options& options) {
  ASSIGN_OR_RETURN(const daemon::Settings settings, daemon::ReadSettings(options.file));
  ASSIGN_OR_RETURN(const auto staging, StageProject(settings, options.insecure));
  const auto verified =
      daemon::VerifyRun(staging, options.run, static_cast<int>(settings.limits.threads));
  std::error_code ignored;
  std::filesystem::remove_all(staging, ignored);
  if (!verified) return tl::unexpected(verified.error());
  if (options.json)
    fmt::print("{}\n", DumpJson(JsonOf(*verified)));
  else
    Print(*verified);
  return kDone;
}

}  // namespace

CommandBody AddVerify(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("RUN", options->run.value, "Id of the run").Required();
  line.Option("--config", options->file, "The coordinator's configuration").ShowDefault();
  line.Flag("--insecure", options->insecure, "The coordinator runs without TLS");
  AddFormat(line, &options->json);
  line.Footer(
      "On the coordinator's machine, whether it runs or not. Every record of the run's journal is "
      "followed from the first; every state that is kept is read and compared with its digest; and "
      "every stage whose updates are kept ([retention] updates) is combined again. What cannot be "
      "looked at is said.\n"
      "Example:\n  tributary verify flora-1 --config coordinator.toml");
  return [options] { return Verify(*options); };
}

}  // namespace tributary
