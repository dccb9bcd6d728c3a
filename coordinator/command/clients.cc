// tributary clients: what each client does in a run, and the end of a quarantine

#include <cstdio>

#include "coordinator/command/remote.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  RemoteOptions remote;
  RunId run;
  ClientId client;
};

// What a client does in the run, or why it does nothing.
std::string StateOf(const Json& client) {
  if (client["quarantined"].get<bool>()) return "quarantined";
  if (!client["away"].is_null()) return client["away"].get<std::string>();
  return client.contains("progress") ? client["progress"]["state"].get<std::string>() : "-";
}

void PrintClients(const Json& json) {
  fmt::print("{:24} {:10} {:26} {:>5} {:10} {}\n", "client", "connected", "state", "rank",
             "outcome", "last failure");
  for (const Json& c : json["clients"])
    fmt::print("{:24} {:10} {:26} {:>5} {:10} {}\n", c["client"].get<std::string>(),
               c["connected"].get<bool>() ? "yes" : "no", StateOf(c), c["rank"].get<int64_t>(),
               c["outcome"].is_null() ? "-" : c["outcome"].get<std::string>(),
               c["last_failure"].get<std::string>());
}

void PrintReleased(const Json& json) {
  fmt::print("{} may take part again\n", json["client"].get<std::string>());
}

}  // namespace

CommandBody AddClients(CommandLine line) {
  auto options = std::make_shared<Options>();
  CommandLine release = line.Command("release", "End the quarantine of a client");
  release.Option("CLIENT", options->client.value, "Its name").Required();
  AddRemoteOptions(release, &options->remote);
  line.Option("RUN", options->run.value, "Id of the run");
  AddRemoteOptions(line, &options->remote);
  line.Footer(
      "Example:\n  tributary clients flora-1\n  tributary clients release hospital-1\n"
      "A client whose updates were rejected limits.rejections times within "
      "limits.rejection_window\nis in quarantine: it takes no tasks, and nothing is taken from it, "
      "until it is released.");
  return [options, release]() -> Result<int> {
    if (release.was_given())
      return ShowAnswer(options->remote, "Admin/Release", proto::ClientRef{options->client},
                        PrintReleased);
    if (options->run.value.empty()) return InvalidArgument("name a run, RUN");
    return ShowAnswer(options->remote, "Admin/Clients", proto::RunRef{options->run}, PrintClients);
  };
}

}  // namespace tributary
