// tributary runs, status, wait, rounds, stop, pause, resume: what an operator asks of runs

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "client/command/client_status.h"
#include "coordinator/command/following.h"
#include "coordinator/command/remote.h"
#include "coordinator/command/runs.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  RemoteOptions remote;
  RunId run;
};

struct ClientOptions {
  bool is_asked = false;
  std::string config = "client.toml";
};

std::shared_ptr<Options> Declare(CommandLine line, bool has_run) {
  auto options = std::make_shared<Options>();
  if (has_run) line.Option("RUN", options->run.value, "Id of the run").Required();
  AddRemoteOptions(line, &options->remote);
  return options;
}

std::string Progress(const Json& run) {
  if (!run.contains("round")) return "-";
  return fmt::format("{}/{}", run["round"].get<int64_t>(), run["rounds"].get<int64_t>());
}

void PrintRuns(const Json& json) {
  fmt::print("{:20} {:12} {:>9} {:12} {}\n", "run", "phase", "round", "method", "why");
  for (const Json& run : json["runs"])
    fmt::print("{:20} {:12} {:>9} {:12} {}\n", run["run"].get<std::string>(),
               run["phase"].get<std::string>(), Progress(run), run["method"].get<std::string>(),
               run["why"].get<std::string>());
}

std::string Cell(const Json& value) {
  if (value.is_null()) return "-";
  return value.is_number_float() ? fmt::format("{:.4f}", value.get<double>()) : DumpJson(value);
}

void PrintRounds(const Json& json) {
  fmt::print("{:>5} {:>8} {:>8} {:>10} {:>10} {:>10} {:>12} {:>12}\n", "round", "selected",
             "reported", "train_loss", "loss", "accuracy", "bytes_up", "bytes_down");
  for (const Json& r : json["rounds"])
    fmt::print("{:>5} {:>8} {:>8} {:>10} {:>10} {:>10} {:>12} {:>12}\n", Cell(r["round"]),
               Cell(r["selected"]), Cell(r["reported"]), Cell(r["train_loss"]), Cell(r["loss"]),
               Cell(r["accuracy"]), Cell(r["bytes_up"]), Cell(r["bytes_down"]));
}

CommandBody AddOfRun(CommandLine line, std::string_view method, void (*print)(const Json&)) {
  auto options = Declare(line, true);
  return [options, method, print] {
    return ShowAnswer(options->remote, method, proto::RunRef{options->run}, print);
  };
}
CommandBody AddControl(CommandLine line, const std::string& action) {
  auto options = Declare(line, true);
  return [options, action] {
    return ShowAnswer(options->remote, "Admin/Control", proto::ControlRequest{options->run, action},
                      PrintStatus);
  };
}

Result<int> Wait(const Options& options) {
  CatchInterrupts();
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  Following following(*channel, "Admin/Watch", [&](rpc::Stream& stream) {
    if (stream.Write(proto::RunRef{options.run})) stream.WritesDone();
  });
  std::string last;
  for (bool is_over = false; !is_over;) {
    ASSIGN_OR_RETURN(Following::Heard heard, following.Next(kGlance));
    if (IsInterrupted()) return SayItGoesOn(options.run, "wait");
    if (heard.what == Following::Heard::kDocument) last = std::move(heard.text);
    SayLink(heard);
    is_over = heard.what == Following::Heard::kEnd;
  }
  const Json run = ParseOrderedJson(last);
  if (options.remote.json)
    fmt::print("{}\n", last);
  else
    PrintStatus(run);
  return EndingOf(run);
}

}  // namespace

void PrintStatus(const Json& run) {
  fmt::print("{}: {}, round {}\n  {}\n", run["run"].get<std::string>(),
             run["phase"].get<std::string>(), Progress(run), run["why"].get<std::string>());
  std::string names;
  for (const Json& name : run["waits_for"])
    names += (names.empty() ? "" : ", ") + name.get<std::string>();
  if (!names.empty()) fmt::print("  waits for: {}\n", names);
  if (!run["seconds_left"].is_null())
    fmt::print("  until: {:.0f} s from now\n", run["seconds_left"].get<double>());
  for (const Json& name : run["quarantined"])
    fmt::print("  in quarantine: {} (`tributary clients release {}`)\n", name.get<std::string>(),
               name.get<std::string>());
  if (const std::string mixed = run.value("mixed", ""); !mixed.empty())
    fmt::print("  bytes depend on who takes part: {}\n", mixed);
  if (!run["last_fault"].get<std::string>().empty())
    fmt::print("  last fault: {}\n", run["last_fault"].get<std::string>());
}

int EndingOf(const Json& run) {
  const std::string reason = run.value("reason", "");
  return reason == "complete" || reason == "early_stop" ? kDone : kWorkFailed;
}

CommandBody AddRuns(CommandLine line) {
  auto options = Declare(line, false);
  return [options] {
    return ShowAnswer(options->remote, "Admin/Runs", proto::RunsRequest{}, PrintRuns);
  };
}
CommandBody AddStatus(CommandLine line) {
  auto options = Declare(line, false);
  auto client = std::make_shared<ClientOptions>();
  line.Option("RUN", options->run.value, "Id of the run");
  line.Flag("--client", client->is_asked, "What the client on this machine does instead");
  line.Option("--config", client->config, "With --client: its configuration")
      .ShowDefault()
      .TypeName("FILE");
  line.Footer(
      "Examples:\n  tributary status fedit-1\n"
      "  tributary status --client --config client.toml");
  return [options, client]() -> Result<int> {
    if (client->is_asked) return ShowClientStatus(client->config, options->remote.json);
    if (options->run.value.empty()) return InvalidArgument("name a RUN, or --client");
    return ShowAnswer(options->remote, "Admin/Status", proto::RunRef{options->run}, PrintStatus);
  };
}
CommandBody AddRounds(CommandLine line) { return AddOfRun(line, "Admin/Rounds", PrintRounds); }
CommandBody AddStop(CommandLine line) { return AddControl(line, "stop"); }
CommandBody AddPause(CommandLine line) { return AddControl(line, "pause"); }
CommandBody AddResume(CommandLine line) { return AddControl(line, "resume"); }
CommandBody AddWait(CommandLine line) {
  auto options = Declare(line, true);
  return [options] { return Wait(*options); };
}

}  // namespace tributary
