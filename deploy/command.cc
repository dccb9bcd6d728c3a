#include "deploy/command.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace tributary {
namespace {

volatile std::sig_atomic_t interrupts = 0, hang_ups = 0;

extern "C" void OnInterrupt(int) {
  if (interrupts > 0) _exit(kInterrupted);
  interrupts = 1;
}

extern "C" void OnHangUp(int) { hang_ups = 1; }

}  // namespace

Result<int> RunCommand(const CommandBody& body) {
  try {
    return body();
  } catch (const std::exception& fault) {
    return MakeError(Code::kInternal, "ended by what was not expected: {}", fault.what());
  }
}

int ExitCodeOf(const Error& error) {
  switch (error.code) {
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kFailedPrecondition:
    case Code::kUnimplemented:
    case Code::kOutOfRange:
      return kWrongInput;
    case Code::kCancelled:
      return kInterrupted;
    default:
      return kWorkFailed;
  }
}

void AddFormat(CommandLine line, bool* json, const std::string& about) {
  line.Option(
          "--format", [json](const std::string& format) { *json = format == "json"; }, about)
      .OneOf({"text", "json"});
}

bool IsInterrupted() { return interrupts > 0; }

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void WaitForInterrupt(const std::function<void()>& upkeep, const std::function<bool()>& lives) {
  constexpr auto kOften = std::chrono::milliseconds(100);
  constexpr int kHour = 36'000;
  struct sigaction action {};
  action.sa_handler = OnHangUp;
  sigaction(SIGHUP, &action, nullptr);
  uint64_t watchdog = 0;  // microseconds; 0: nobody watches
  sd_watchdog_enabled(0, &watchdog);
  sd_notify(0, "READY=1");
  for (int waits = 0; !IsInterrupted(); ++waits) {
    if (hang_ups > 0 || waits == kHour) {
      hang_ups = waits = 0;
      upkeep();
    }
    if (watchdog > 0 && lives()) sd_notify(0, "WATCHDOG=1");
    std::this_thread::sleep_for(kOften);
  }
  sd_notify(0, "STOPPING=1");
}

}  // namespace tributary
