#pragma once
// What a command of the program is. Each lives in a file of its own beside what it drives; main.cc
// has the table. Data goes to standard output, everything else to standard error.

#include <chrono>
#include <functional>
#include <string_view>

#include "aggregation/base/status.h"
#include "deploy/command_line.h"

namespace tributary {

enum ExitCode : int { kDone = 0, kWorkFailed = 1, kWrongInput = 2, kInterrupted = 130 };

// Runs the command after its options were parsed; gives the exit code, or an error to be printed.
using CommandBody = std::function<Result<int>()>;

struct Command {
  std::string_view name, summary;
  CommandBody (*add)(CommandLine line);  // declares options and help
};

// --format text|json, the same of every command; `about` stands in its help.
void AddFormat(CommandLine line, bool* json, const std::string& about = "text or json");

// The command's result; what it threw, such as at JSON of an unexpected shape, as an error.
Result<int> RunCommand(const CommandBody& body);

// 2 for what the user can mend in what was given, 1 for the rest.
int ExitCodeOf(const Error& error);

// Set by the first Ctrl-C or SIGTERM; a second one ends the process at once.
bool IsInterrupted();
void CatchInterrupts();
// Tells systemd, where it has started the process, that it serves, lives and stops (sd_notify(3));
// that it lives, while `lives` says so. Calls `upkeep` at every SIGHUP, and once an hour besides.
void WaitForInterrupt(const std::function<void()>& upkeep, const std::function<bool()>& lives);
// The thread that owns all state is at one thing for longer only if it will never end.
inline constexpr std::chrono::seconds kStuck{60};

}  // namespace tributary
