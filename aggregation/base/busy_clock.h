#pragma once
// How long a thread has been at its present piece of work: what a watchdog asks of a loop that
// should come round soon. One thread begins and ends, any thread asks.

#include <atomic>
#include <chrono>

#include "aggregation/base/ids.h"

namespace tributary {

class BusyClock {
 public:
  void Begin() { since_ = Ticks(); }
  void End() { since_ = 0; }
  // Zero while it waits for work.
  Duration Passed() const {
    const int64_t since = since_;
    return Duration{since == 0 ? 0 : Ticks() - since};
  }

 private:
  static int64_t Ticks() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<Duration>(now).count() + 1;
  }
  std::atomic<int64_t> since_{0};
};

}  // namespace tributary
