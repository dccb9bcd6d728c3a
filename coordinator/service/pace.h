#pragma once
// How long a peer keeps us waiting, and how much comes of it: who lets a gap be too long, or sends
// too little over a window of time spent waiting for it, is too slow. What our own disk or a busy
// thread takes is not the peer's. Any thread.

#include <mutex>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary::service {

struct PaceLimits {
  Duration gap{0};
  double rate = 0;  // bytes a second over `window`; 0: none
  Duration window{0};
};

class Pace {
 public:
  explicit Pace(PaceLimits limits) : limits_(limits) {}

  void Wait(TimePoint now);  // for the peer, from now on
  void Got(TimePoint now, int64_t bytes);
  // CANCELLED, with what was expected.
  Status Check(TimePoint now) const;

 private:
  Status CheckRate(Duration waited) const;

  const PaceLimits limits_;
  mutable std::mutex mutex_;
  bool is_waiting_ = false, was_slow_ = false;
  TimePoint since_;
  Duration waited_{0};  // in this window
  int64_t bytes_ = 0;
};

}  // namespace tributary::service
