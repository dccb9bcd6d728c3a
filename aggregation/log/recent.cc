#include "aggregation/log/recent.h"

#include <algorithm>

namespace tributary {

void RecentEvents::Add(int64_t time, LogLevel level, std::string_view event,
                       const LogFields& fields) {
  RecentEvent added{0, time, level, std::string(event), "", JsonLine(time, level, event, fields)};
  for (const auto& [key, value] : fields)
    if (key == "run" && std::holds_alternative<std::string>(value))
      added.run = std::get<std::string>(value);
  {
    const std::scoped_lock lock(mutex_);
    added.number = ++last_;
    bytes_ += added.line.size();
    events_.push_back(std::move(added));
    while (events_.size() > most_events_ || bytes_ > most_bytes_) {
      bytes_ -= events_.front().line.size();
      events_.pop_front();
    }
  }
  Nudge();
}

std::vector<RecentEvent> RecentEvents::After(int64_t number, size_t most) const {
  const std::scoped_lock lock(mutex_);
  const auto begin =
      std::partition_point(events_.begin(), events_.end(),
                           [number](const RecentEvent& event) { return event.number <= number; });
  const auto left = static_cast<size_t>(events_.end() - begin);
  return {begin, begin + static_cast<std::ptrdiff_t>(std::min(left, most))};
}

int64_t RecentEvents::Count(std::string_view run,
                            const std::function<bool(std::string_view)>& is_meant) const {
  const std::scoped_lock lock(mutex_);
  return std::count_if(events_.begin(), events_.end(), [&](const RecentEvent& event) {
    return event.run == run && is_meant(event.name);
  });
}

int64_t RecentEvents::Listen(std::function<void()> hear) {
  const std::scoped_lock lock(listening_);
  listeners_[++last_listener_] = std::move(hear);
  return last_listener_;
}

void RecentEvents::Forget(int64_t listener) {
  const std::scoped_lock lock(listening_);
  listeners_.erase(listener);
}

void RecentEvents::Nudge() {
  const std::scoped_lock lock(listening_);
  for (const auto& [number, hear] : listeners_) hear();
}

}  // namespace tributary
