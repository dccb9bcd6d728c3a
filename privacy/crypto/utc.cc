#include "privacy/crypto/utc.h"

#include <fmt/format.h>

#include <ctime>

namespace tributary::privacy {

std::string Utc(int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm parts{};
  char text[64];
  if (!gmtime_r(&time, &parts) || !std::strftime(text, sizeof text, "%F %T UTC", &parts))
    return fmt::format("{} Unix seconds", unix_seconds);
  return text;
}

std::string DaysOrHours(int64_t seconds) {
  constexpr int64_t kHour = 3600, kDay = 24 * kHour;
  return seconds < 2 * kDay ? std::to_string(seconds / kHour) + " h"
                            : std::to_string(seconds / kDay) + " days";
}

}  // namespace tributary::privacy
