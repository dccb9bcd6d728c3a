#include "aggregation/base/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <span>

namespace tributary {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

Result<double> ParseWithUnit(std::string_view text, std::span<const Unit> units,
                             std::string_view example) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view rest(end, static_cast<size_t>(text.data() + text.size() - end));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (error == std::errc() && std::isfinite(number) && number >= 0)
    for (const Unit& unit : units)
      if (unit.name == rest && number * unit.factor < 9e18) return number * unit.factor;
  return InvalidArgument("\"{}\" is not a number with a unit, such as {}", text, example);
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  static constexpr std::array<Unit, 6> kUnits = {
      {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}}};
  ASSIGN_OR_RETURN(const double value, ParseWithUnit(text, kUnits, "\"90s\" or \"5m\""));
  return Duration(std::llround(value));
}

Result<int64_t> ParseSize(std::string_view text) {
  static constexpr std::array<Unit, 9> kUnits = {{{"B", 1},
                                                  {"kB", 1e3},
                                                  {"MB", 1e6},
                                                  {"GB", 1e9},
                                                  {"TB", 1e12},
                                                  {"KiB", 0x1p10},
                                                  {"MiB", 0x1p20},
                                                  {"GiB", 0x1p30},
                                                  {"TiB", 0x1p40}}};
  ASSIGN_OR_RETURN(const double value, ParseWithUnit(text, kUnits, "\"64KiB\" or \"10MB\""));
  return std::llround(value);
}

std::string FormatDuration(Duration duration) {
  const double seconds = static_cast<double>(duration.count()) / 1e6;
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const int64_t whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  return fmt::format("{}h {:02}m", whole / 3600, whole % 3600 / 60);
}

std::string FormatSize(int64_t bytes) {
  static constexpr std::array<std::string_view, 4> kNames = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1e3;
  size_t i = 0;
  while (value >= 999.5 && i + 1 < kNames.size()) value /= 1e3, ++i;
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, kNames[i]);
}

}  // namespace tributary
