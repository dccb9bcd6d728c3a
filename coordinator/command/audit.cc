// tributary audit verify

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "deploy/commands.h"
#include "privacy/audit/verify.h"

namespace tributary {
namespace {

struct Options {
  std::string path;
  bool json = false;
};

Result<int> Verify(const Options& options) {
  const std::string& path = options.path;
  ASSIGN_OR_RETURN(const audit::Verified found, audit::Verify(path));
  if (options.json) {
    const nlohmann::ordered_json json = {{"schema", 1},
                                         {"lines", found.lines},
                                         {"segments", found.segments},
                                         {"before", found.before.seq},
                                         {"seq", found.head.seq},
                                         {"hash", found.head.hash.Hex()},
                                         {"torn_bytes", found.torn_bytes}};
    fmt::print("{}\n", DumpJson(json));
    return kDone;
  }
  fmt::print("{}: {} lines in {} segments are one chain, from seq {} to {}\nits end: {}\n", path,
             found.lines, found.segments, found.before.seq + 1, found.head.seq,
             found.head.hash.Hex());
  if (found.before.seq > 0)
    fmt::print(stderr, "what comes before seq {} was not looked at; it ends with {}\n",
               found.before.seq + 1, found.before.hash.Hex());
  if (found.torn_bytes > 0)
    fmt::print(stderr,
               "{} bytes of a last line were torn by a crash and do not count; what they name was "
               "not sent\n",
               found.torn_bytes);
  return kDone;
}

}  // namespace

CommandBody AddAudit(CommandLine line) {
  line.NeedsCommand();
  auto options = std::make_shared<Options>();
  CommandLine verify = line.Command(
      "verify", "Recompute the chain: what was changed, taken away, moved or cut off is named");
  verify.Option("PATH", options->path, "A log's directory, or one of its segments").Required();
  AddFormat(verify, &options->json);
  line.Footer(
      "Example:\n  tributary audit verify client-state/sent\nKeep the last line that it prints "
      "somewhere else: no later chain can be without it unless the log was written anew.");
  return [options] { return Verify(*options); };
}

}  // namespace tributary
