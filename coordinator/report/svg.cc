#include "coordinator/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "aggregation/base/units.h"
#include "aggregation/base/utf8.h"

namespace tributary::report {

std::string Escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t valid = ValidUtf8Prefix(text);
    for (char c : text.substr(0, valid)) {
      switch (c) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        case '\'':
          out += "&#39;";
          break;
        default: {
          const auto byte = static_cast<unsigned char>(c);
          if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f)
            out += "\uFFFD";
          else
            out += c;
        }
      }
    }
    text.remove_prefix(valid);
    if (text.empty()) break;
    out += "\uFFFD";
    text.remove_prefix(1);
  }
  return out;
}

std::string Shorten(std::string_view text, size_t limit) {
  size_t characters = 0, cut = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;  // within a character
    if (++characters == limit) cut = i;
    if (characters > limit) return std::string(text.substr(0, cut)) + "…";
  }
  return std::string(text);
}

namespace {

std::string Unbroken(std::string text) {  // number and unit stay on one line
  for (size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at))
    text.replace(at, 1, "\u00a0");
  return text;
}

}  // namespace

std::string AsPercent(double share) { return fmt::format("{:.1f}\u00a0%", 100 * share); }
std::string AsNumber(double value) {
  const double size = std::abs(value);
  return size >= 1e-4 && size < 99.95 ? fmt::format("{:#.3g}", value)
                                      : fmt::format("{:.3g}", value);
}
std::string AsBytes(double bytes) {
  return Unbroken(FormatSize(std::llround(std::clamp(bytes, 0.0, 9e18))));
}
std::string AsSeconds(double seconds) {
  if (seconds == 0) return "0\u00a0s";
  return Unbroken(FormatDuration(Duration(std::llround(std::clamp(seconds, 0.0, 9e12) * 1e6))));
}
std::string AsEpsilon(double epsilon) {
  if (!std::isfinite(epsilon)) return "unbounded";
  if (epsilon <= 0) return "0";
  const double unit = std::pow(10, std::floor(std::log10(epsilon)) - 2);
  return fmt::format("{:.3g}", std::ceil(epsilon / unit - 1e-9) * unit);
}
std::string AsRound(double round) {
  std::string digits = fmt::format("{:.0f}", round);
  for (size_t at = digits.size(); at > 3 && digits[at - 4] != '-'; at -= 3)
    digits.insert(at - 3, ",");
  return digits;
}

std::vector<double> Ticks(double low, double high, int wanted, double least_step) {
  if (!(high > low) || !std::isfinite(high - low)) return {low};
  const double raw = std::max((high - low) / wanted, least_step);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0})
    if (factor * power >= raw * (1 - 1e-9)) step = factor * power;
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  for (double i = first; i * step <= high + 1e-9 * step; ++i)
    ticks.push_back(i == 0 ? 0 : i * step);
  return ticks;
}

std::string OpenFigure(const Caption& c, double height) {
  return fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{}-t {}-d\">\n"
      "<title id=\"{}-t\">{}</title><desc id=\"{}-d\">{}</desc>\n",
      kWidth, height, c.id, c.id, c.id, Escape(c.title), c.id, Escape(c.description));
}
std::string CloseFigure() { return "</svg>\n"; }

namespace {

// "60.0 %" as "60 %": on an axis, zeros after the point say nothing.
std::string Label(Format format, double tick) {
  std::string text = format(tick);
  const size_t point = text.find('.');
  if (point == std::string::npos) return text;
  size_t end = point + 1;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  size_t keep = end;
  while (text[keep - 1] == '0') --keep;
  if (keep == point + 1) keep = point;
  return text.erase(keep, end - keep);
}

}  // namespace

std::string GridY(const Scale& y, Format format, const Scale& x) {
  std::string out;
  for (double tick : Ticks(y.low, y.high, 5)) {
    out +=
        fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", x.begin, y(tick), x.end);
    out += fmt::format("<text class=\"tick end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                       x.begin - 6, y(tick) + 3.5, Escape(Label(format, tick)));
  }
  return out;
}

std::string AxisX(const Scale& x, double y, Format format, std::string_view name,
                  double least_step) {
  std::string out =
      fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>\n", x.begin, y, x.end);
  for (double tick : Ticks(x.low, x.high, 7, least_step))
    out += fmt::format("<text class=\"tick mid\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x(tick),
                       y + 15, Escape(Label(format, tick)));
  out += fmt::format("<text class=\"tick mid\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                     (x.begin + x.end) / 2, y + 30, Escape(name));
  return out;
}

}  // namespace tributary::report
