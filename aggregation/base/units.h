#pragma once
// Durations and sizes as people write them: "90s", "1.5h", "250ms"; "64KiB", "10MB".

#include <cstdint>
#include <string>
#include <string_view>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary {

Result<Duration> ParseDuration(std::string_view text);  // us, ms, s, m, h, d; never negative
Result<int64_t> ParseSize(std::string_view text);  // B, kB, MB, GB, TB (10^3); KiB .. TiB (2^10)

std::string FormatDuration(Duration duration);  // "1h 02m", "3m 07s", "4.2 s", "18 ms"
std::string FormatSize(int64_t bytes);          // "812 B", "3.1 MB"; decimal units

}  // namespace tributary
