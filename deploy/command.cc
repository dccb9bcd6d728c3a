#include "deploy/command.h"

#include <unistd.h>

#include <csignal>
#include <thread>

namespace tributary {
namespace {

volatile std::sig_atomic_t interrupts = 0;

extern "C" void OnInterrupt(int) {
  if (interrupts > 0) _exit(kInterrupted);
  interrupts = 1;
}

}  // namespace

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

bool IsInterrupted() { return interrupts > 0; }

void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void WaitForInterrupt() {
  while (!IsInterrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

}  // namespace tributary
