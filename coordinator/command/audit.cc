// tributary audit verify

#include <cstdio>

#include "deploy/commands.h"
#include "privacy/audit/verify.h"

namespace tributary {
namespace {

Result<int> Verify(const std::string& path) {
  ASSIGN_OR_RETURN(const audit::Verified found, audit::Verify(path));
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
  auto path = std::make_shared<std::string>();
  CommandLine verify = line.Command(
      "verify", "Recompute the chain: what was changed, taken away, moved or cut off is named");
  verify.Option("PATH", *path, "A log's directory, or one of its segments").Required();
  line.Footer(
      "Example:\n  tributary audit verify client-state/sent\nKeep the last line that it prints "
      "somewhere else: no later chain can be without it unless the log was written anew.");
  return [path] { return Verify(*path); };
}

}  // namespace tributary
