#pragma once
// Times for people.

#include <cstdint>
#include <string>

namespace tributary::privacy {

std::string Utc(int64_t unix_seconds);  // "2026-11-22 21:04:05 UTC"

std::string DaysOrHours(int64_t seconds);  // "31 h", "12 days"

}  // namespace tributary::privacy
