#pragma once
// Strong ids and points in time. An id of one kind cannot be passed for another; time is a number
// that somebody passes in, never something that is asked for.

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace tributary {

template <typename Tag, typename Value>
struct StrongId {
  Value value{};
  auto operator<=>(const StrongId&) const = default;
};

using ClientId = StrongId<struct ClientTag, std::string>;  // a client's name
using RunId = StrongId<struct RunTag, std::string>;

using Duration = std::chrono::microseconds;
struct TimePoint {  // microseconds since an epoch that the clock defines
  Duration since_epoch{0};
  auto operator<=>(const TimePoint&) const = default;
  friend TimePoint operator+(TimePoint t, Duration d) { return {t.since_epoch + d}; }
  friend Duration operator-(TimePoint a, TimePoint b) { return a.since_epoch - b.since_epoch; }
};

}  // namespace tributary
