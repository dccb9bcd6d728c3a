#include <fmt/format.h>

#include <algorithm>

#include "coordinator/report/charts.h"

namespace tributary::report {
namespace {

std::string Legend(std::string_view first, std::string_view second) {
  return fmt::format(
      "<ul class=\"legend\"><li class=\"box s1\">{}</li><li class=\"box s2\">{}</li></ul>\n",
      Escape(first), Escape(second));
}

struct Bar {
  double from = 0, to = 0, lower = 0, upper = 0;
};

std::vector<Bar> Bars(const BarChart& chart) {
  const size_t each = (chart.x.size() + kMaxBars - 1) / kMaxBars;  // neighbours that share a bar
  std::vector<Bar> bars;
  for (size_t i = 0; i < chart.x.size(); ++i) {
    if (i % each == 0) bars.push_back({.from = chart.x[i]});
    bars.back().to = chart.x[i];
    bars.back().lower += chart.lower[i];
    bars.back().upper += chart.upper[i];
  }
  return bars;
}

}  // namespace

std::string Render(const BarChart& chart) {
  constexpr double kHeight = 232, kLeft = 58, kRight = 12, kTop = 14, kBottom = 38;
  const std::vector<Bar> bars = Bars(chart);
  double highest = 0;
  for (const Bar& bar : bars) highest = std::max(highest, bar.lower + bar.upper);
  const Scale y{0, highest > 0 ? 1.05 * highest : 1, kHeight - kBottom, kTop};
  const double first = bars.empty() ? 0 : bars.front().from,
               last = bars.empty() ? 1 : bars.back().to;
  const double slot =
      (kWidth - kLeft - kRight) / static_cast<double>(std::max<size_t>(bars.size(), 1));
  const Scale x{first, last, kLeft + slot / 2, kWidth - kRight - slot / 2};
  const Scale frame{first, last, kLeft, kWidth - kRight};

  std::string out = OpenFigure(chart.caption, kHeight) + GridY(y, chart.format, frame);
  for (size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const double left = kLeft + (static_cast<double>(i) + 0.14) * slot, width = 0.72 * slot;
    const double middle = y(bar.lower), top = y(bar.lower + bar.upper);
    const std::string rounds = bar.from == bar.to
                                   ? AsRound(bar.from)
                                   : fmt::format("{} to {}", AsRound(bar.from), AsRound(bar.to));
    out += fmt::format(
        "<g><title>{}</title>",
        Escape(fmt::format("round {}: {} {}, {} {}", rounds, chart.format(bar.lower),
                           chart.lower_name, chart.format(bar.upper), chart.upper_name)));
    out += fmt::format(
        "<rect class=\"bar s1\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
        left, middle, width, y.begin - middle);
    out += fmt::format(
        "<rect class=\"bar s2\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\"/></g>\n",
        left, top, width, middle - top);
  }
  out += AxisX(x, y.begin, AsRound, "round", 1);
  return out + CloseFigure() + Legend(chart.lower_name, chart.upper_name);
}

std::string Render(const RowChart& chart) {
  constexpr double kRow = 22, kLeft = 104, kRight = 62, kTop = 4;
  double widest = 0;
  for (const RowChart::Row& row : chart.rows) widest = std::max(widest, row.first + row.second);
  const Scale x{0, widest > 0 ? widest : 1, kLeft, kWidth - kRight};
  std::string out =
      OpenFigure(chart.caption, kTop + kRow * static_cast<double>(chart.rows.size()) + 4);
  double y = kTop;
  for (const RowChart::Row& row : chart.rows) {
    const char* mark = row.is_marked ? " marked" : "";
    const double middle = x(row.first), end = x(row.first + row.second);
    out += fmt::format("<g><title>{}</title>", Escape(row.hint));
    out += fmt::format("<text class=\"name end{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", mark,
                       kLeft - 8, y + 15, Escape(Shorten(row.name, 18)));
    out += fmt::format(
        "<rect class=\"bar s1\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"14\"/>",
        x.begin, y + 4, middle - x.begin);
    out += fmt::format(
        "<rect class=\"bar s2\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"14\"/>", middle,
        y + 4, end - middle);
    out += fmt::format("<text class=\"name{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text></g>\n", mark,
                       end + 6, y + 15, Escape(chart.format(row.first + row.second)));
    y += kRow;
  }
  return out + CloseFigure() + Legend(chart.first_name, chart.second_name);
}

}  // namespace tributary::report
