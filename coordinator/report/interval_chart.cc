#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/charts.h"

namespace tributary::report {
namespace {

constexpr double kRow = 24, kLeft = 104, kRight = 62, kTop = 6, kBottom = 40;

std::string Mark(const IntervalChart::Row& row, const Scale& x, double y, Format format) {
  std::string out = fmt::format("<g><title>{}</title>", Escape(row.hint));
  out +=
      fmt::format("<text class=\"name end{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
                  row.is_marked ? " marked" : "", kLeft - 8, y + 4, Escape(Shorten(row.name, 18)));
  if (row.half > 0)
    out += fmt::format("<path class=\"line solid {}\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", row.style,
                       x(row.mean - row.half), y, x(row.mean + row.half));
  out += fmt::format("<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\"/>", row.style,
                     x(row.mean), y);
  return out + fmt::format("<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text></g>\n",
                           x.end + 8, y + 4, Escape(format(row.mean)));
}

}  // namespace

std::string Render(const IntervalChart& chart) {
  double low = chart.reference.value_or(chart.rows.front().mean), high = low;
  for (const IntervalChart::Row& row : chart.rows) {
    low = std::min(low, row.mean - row.half);
    high = std::max(high, row.mean + row.half);
  }
  const double margin = high > low ? 0.05 * (high - low) : 0.01;
  const Scale x{low - margin, high + margin, kLeft, kWidth - kRight};
  const double bottom = kTop + kRow * static_cast<double>(chart.rows.size());
  std::string out = OpenFigure(chart.caption, bottom + kBottom);
  if (chart.reference)
    out += fmt::format("<path class=\"ref\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n", x(*chart.reference),
                       kTop, bottom);
  double y = kTop + kRow / 2;
  for (const IntervalChart::Row& row : chart.rows) {
    out += Mark(row, x, y, chart.format);
    y += kRow;
  }
  return out + AxisX(x, bottom, chart.format, chart.x_name) + CloseFigure();
}

}  // namespace tributary::report
