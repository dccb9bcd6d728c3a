#pragma once
// The newest events of a daemon, in memory, for those who ask for them over the wire; what a file
// keeps is `log`'s affair. Bounded in number and bytes: the oldest go first. Any thread.

#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "aggregation/log/log.h"

namespace tributary {

struct RecentEvent {
  int64_t number = 0;  // from 1, without gaps
  int64_t time = 0;    // microseconds since 1970
  LogLevel level = LogLevel::kInfo;
  std::string name, run;  // run: of the field of that name; empty where there is none
  std::string line;       // JsonLine
};

class RecentEvents {
 public:
  RecentEvents(size_t most_events, size_t most_bytes)
      : most_events_(most_events), most_bytes_(most_bytes) {}

  void Add(int64_t time, LogLevel level, std::string_view event, const LogFields& fields);

  // At most `most` that are newer than that number, oldest first.
  std::vector<RecentEvent> After(int64_t number, size_t most) const;
  // How many there are of a run under one of those names.
  int64_t Count(std::string_view run, const std::function<bool(std::string_view)>& is_meant) const;

  // `hear` is called after every event, on the thread that wrote it, until Forget returns; it does
  // not block and writes no event.
  int64_t Listen(std::function<void()> hear);
  void Forget(int64_t listener);
  void Nudge();  // calls them all

 private:
  const size_t most_events_, most_bytes_;
  mutable std::mutex mutex_;
  std::deque<RecentEvent> events_;
  int64_t last_ = 0;
  size_t bytes_ = 0;
  std::mutex listening_;
  std::map<int64_t, std::function<void()>> listeners_;
  int64_t last_listener_ = 0;
};

}  // namespace tributary
