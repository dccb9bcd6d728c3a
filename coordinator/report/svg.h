#pragma once
// The parts that all charts share: escaped text, scales, ticks, the frame of a figure. Colours come
// from the page's style sheet by class, so that a chart follows light, dark and print by itself.

#include <string>
#include <string_view>
#include <vector>

namespace tributary::report {

// For element content and attribute values. Control characters and bytes that are not UTF-8 become
// U+FFFD.
std::string Escape(std::string_view text);

// `text` of at most `limit` characters, shortened with an ellipsis; not escaped.
std::string Shorten(std::string_view text, size_t limit);

using Format = std::string (*)(double);
std::string AsPercent(double share);    // "67.2 %"
std::string AsNumber(double value);     // three significant digits
std::string AsBytes(double bytes);      // "3.1 MB"
std::string AsSeconds(double seconds);  // "4.2 s", "3m 07s"
std::string AsEpsilon(double epsilon);  // three significant digits, rounded up
std::string AsRound(double round);      // a whole number with thousands separated

// Linear, from [low, high] to [begin, end]; an empty range maps to the middle.
struct Scale {
  double low = 0, high = 1, begin = 0, end = 1;
  double operator()(double value) const {
    return high > low ? begin + (value - low) / (high - low) * (end - begin) : (begin + end) / 2;
  }
};

// About `wanted` round numbers within [low, high], ascending. Steps are 1, 2 or 5 times a power of
// ten, and at least `least_step`.
std::vector<double> Ticks(double low, double high, int wanted, double least_step = 0);

// Charts share a width, so that text has one size on a page.
inline constexpr double kWidth = 480;

// What a chart is called and shows, for people who cannot see it; `id` is unique on the page.
struct Caption {
  std::string id = {}, title = {}, description = {};
};
std::string OpenFigure(const Caption& caption, double height);
std::string CloseFigure();

// Horizontal grid lines with their numbers on the left of `x`, and numbers under an axis.
std::string GridY(const Scale& y, Format format, const Scale& x);
std::string AxisX(const Scale& x, double y, Format format, std::string_view name,
                  double least_step = 0);

}  // namespace tributary::report
