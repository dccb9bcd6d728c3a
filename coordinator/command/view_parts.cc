#include "coordinator/command/view_parts.h"

#include <algorithm>
#include <array>

namespace tributary {

std::string_view StageWords(TaskKind kind) {
  switch (kind) {
    case TaskKind::kTrain:
      return "training";
    case TaskKind::kFeatureMoments:
      return "feature statistics";
    case TaskKind::kGradientSum:
    case TaskKind::kPublicGradient:
      return "gradient statistics";
    case TaskKind::kEvaluate:
      return "evaluating on clients";
    case TaskKind::kPublicEvaluate:
      return "evaluating";
  }
  return "";
}

std::string Bar(int64_t done, int64_t all, int64_t width) {
  all = std::max<int64_t>(all, 1);
  const int64_t filled = width * std::clamp<int64_t>(done, 0, all) / all;
  return "[" + std::string(static_cast<size_t>(filled), '#') +
         std::string(static_cast<size_t>(width - filled), '.') + "]";
}

std::string SparkLine(std::span<const double> values, size_t width, bool utf8) {
  static constexpr std::array kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array kLetters = {"_", ".", ",", "-", "~", "+", "*", "#"};
  const auto& levels = utf8 ? kBlocks : kLetters;
  if (values.size() > width) values = values.last(width);
  if (values.empty()) return "";
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double range = *high - *low;
  std::string out;
  for (const double value : values) {
    const double height = range > 0 ? (value - *low) / range : 0.5;
    out += levels[static_cast<size_t>(height * static_cast<double>(levels.size() - 1) + 0.5)];
  }
  return out;
}

ScreenLine& ScreenLine::Add(std::string_view text, Style style) {
  static constexpr std::array kCodes = {"",         "\033[1m",  "\033[32m",
                                        "\033[33m", "\033[31m", "\033[2m"};
  size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (begins && left_ == 0) break;
    left_ -= begins;
  }
  if (end == 0) return *this;
  std::string shown(text.substr(0, end));
  for (char& c : shown)  // what a stranger said must not steer the terminal
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (!colour_ || style == Style::kPlain)
    text_ += shown;
  else
    text_ += kCodes[static_cast<size_t>(style)] + shown + "\033[0m";
  return *this;
}

}  // namespace tributary
