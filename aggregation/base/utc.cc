#include "aggregation/base/utc.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace tributary {

std::string Utc(int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm parts{};
  char text[64];
  if (!gmtime_r(&time, &parts) || !std::strftime(text, sizeof text, "%F %T UTC", &parts))
    return fmt::format("{} Unix seconds", unix_seconds);
  return text;
}

std::string Rfc3339(int64_t unix_micros) {
  constexpr int64_t kSecond = 1'000'000;
  const std::time_t seconds = unix_micros / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%FT%T", &parts);
  return fmt::format("{}.{:06}Z", text, unix_micros % kSecond);
}

int64_t UnixMicros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::string DaysOrHours(int64_t seconds) {
  constexpr int64_t kHour = 3600, kDay = 24 * kHour;
  return seconds < 2 * kDay ? std::to_string(seconds / kHour) + " h"
                            : std::to_string(seconds / kDay) + " days";
}

}  // namespace tributary
