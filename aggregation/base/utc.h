#pragma once
// Times for people and for files, in UTC.

#include <cstdint>
#include <string>

namespace tributary {

std::string Utc(int64_t unix_seconds);  // "2026-11-22 21:04:05 UTC"

// RFC 3339: "2026-11-22T21:04:05.123456Z".
std::string Rfc3339(int64_t unix_micros);
int64_t UnixMicros();  // now, by the system's clock

std::string DaysOrHours(int64_t seconds);  // "31 h", "12 days"

}  // namespace tributary
