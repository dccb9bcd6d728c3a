// The program: one table of commands.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "aggregation/base/version.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

constexpr Command kCommands[] = {
    {"simulate", "Run a whole federation on this machine", AddSimulate},
    {"init", "Write commented configurations to begin with", AddInit},
    {"coordinator", "The daemon that runs federations", AddCoordinator},
    {"client", "The daemon of a site that takes part in federations", AddClient},
    {"certs", "A project's authority: invite, list, revoke, renew", AddCerts},
    {"submit", "Give a run to a coordinator; prints its id", AddSubmit},
    {"runs", "The runs of a coordinator", AddRuns},
    {"status", "How a run stands: its phase, why it waits, for whom, until when", AddStatus},
    {"wait", "Wait until a run has ended", AddWait},
    {"watch", "Look at a run as it goes, until it has ended", AddWatch},
    {"logs", "What a coordinator tells of a run, as it happens", AddLogs},
    {"rounds", "The rounds of a run", AddRounds},
    {"clients", "The clients of a run and what each does", AddClients},
    {"stop", "End a run with what it has", AddStop},
    {"pause", "Open no further round", AddPause},
    {"resume", "Go on with a run that was paused", AddResume},
    {"verify", "Follow a run's journal, and make again what it says", AddVerify},
    {"backup", "Copy a coordinator's state", AddBackup},
    {"restore", "Put a coordinator's state back", AddRestore},
    {"doctor", "Look for what is wrong on this machine, on either side", AddDoctor},
    {"audit", "Check a log that is chained by its hashes", AddAudit},
    {"check", "List all faults of a configuration at once; show what it means and costs", AddCheck},
    {"methods", "The methods: what is trained, the rule, bytes, what each works with", AddMethods},
    {"inspect", "What a model, adapter, run or safetensors file holds", AddInspect},
    {"compare", "Groups of runs side by side: means, intervals, paired differences", AddCompare},
    {"export", "A PEFT adapter, or a merged model, from a run", AddExport},
    {"evaluate", "Loss, accuracy and mistakes on labelled rows", AddEvaluate},
    {"predict", "Label and probability for each line", AddPredict},
    {"tokenize", "The ids of each line", AddTokenize},
    {"data", "Prepare data: split by client, or make the Debian example", AddData},
};

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app("Federated fine-tuning of foundation models with low-rank adapters.", "tributary");
  app.set_version_flag("--version", VersionText());
  app.require_subcommand(1);
  app.footer(
      "Examples:\n  tributary check federation.toml\n  tributary simulate federation.toml --out "
      "runs/first\n"
      "  echo 'some text' | tributary predict --model MODEL --adapter runs/first/adapter\n"
      "Each command has its own --help. Shell completion: source deploy/completion.bash");
  std::vector<std::pair<CLI::App*, CommandBody>> bodies;
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    bodies.emplace_back(sub, command.add(CommandLine(*sub)));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kWrongInput;
  }
  for (const auto& [sub, body] : bodies) {
    if (!sub->parsed()) continue;
    const Result<int> result = RunCommand(body);
    if (result) return *result;
    fmt::print(stderr, "tributary {}: {}\n", sub->get_name(), result.error().message);
    return ExitCodeOf(result.error());
  }
  return kWrongInput;
}

}  // namespace tributary

int main(int argc, char** argv) { return tributary::Main(argc, argv); }
