#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coordinator/report/charts.h"

namespace tributary::report {
namespace {

constexpr double kHeight = 232, kLeft = 52, kRight = 50, kTop = 14, kBottom = 38;

struct Extent {
  double low = INFINITY, high = -INFINITY;
  void Add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool is_empty() const { return high < low; }
};

// A margin around the values, so that no line lies on the frame; a flat line gets some height.
Extent Padded(Extent e, bool from_zero) {
  if (e.is_empty()) return {0, 1};
  if (from_zero) e.low = std::min(e.low, 0.0);
  double margin = 0.08 * (e.high - e.low);
  if (margin == 0) margin = e.high == 0 ? 1 : 0.1 * std::abs(e.high);
  return {from_zero && e.low == 0 ? 0 : e.low - margin, e.high + margin};
}

std::vector<Point> Thinned(const std::vector<Point>& points) {
  std::vector<Point> finite;
  for (const Point& p : points)
    if (std::isfinite(p.x) && std::isfinite(p.y)) finite.push_back(p);
  if (finite.size() <= kMaxPoints) return finite;
  std::vector<Point> thinned;
  for (size_t i = 0; i < kMaxPoints; ++i)
    thinned.push_back(finite[i * (finite.size() - 1) / (kMaxPoints - 1)]);
  return thinned;
}

std::string Path(const std::vector<Point>& points, const Scale& x, const Scale& y) {
  std::string d;
  for (const Point& p : points)
    d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? "M" : "L", x(p.x), y(p.y));
  return d;
}

std::string DrawBand(const Band& band, const Scale& x, const Scale& y) {
  std::vector<Point> low, high;
  for (size_t i = 0; i < band.x.size(); ++i) {
    low.push_back({band.x[i], band.low[i]});
    high.push_back({band.x[i], band.high[i]});
  }
  low = Thinned(low);
  high = Thinned(high);
  std::ranges::reverse(high);
  low.insert(low.end(), high.begin(), high.end());
  if (low.empty()) return "";
  return fmt::format("<path class=\"band {}\" d=\"{}Z\"/>\n", band.style, Path(low, x, y));
}

std::string DrawSeries(const Series& series, const LineChart& chart, const Scale& x,
                       const Scale& y) {
  const std::vector<Point> points = Thinned(series.points);
  if (points.empty()) return "";
  std::string out = fmt::format("<path class=\"line {}{}\" d=\"{}\"/>\n", series.style,
                                chart.series.size() == 1 ? " solid" : "", Path(points, x, y));
  for (const Point& p : points) {
    if (points.size() > 60 && &p != &points.back()) continue;
    out += fmt::format(
        "<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" "
        "r=\"{}\"><title>{}</title></circle>\n",
        series.style, x(p.x), y(p.y), &p == &points.back() ? 4 : 2.5,
        Escape(fmt::format("{}, {} {}: {}", series.name, chart.x_name, AsRound(p.x),
                           chart.format(p.y))));
  }
  return out;
}

// The last values, in words at the right end, moved apart where they would overlap.
std::string DrawEnds(const LineChart& chart, const Scale& x, const Scale& y) {
  struct End {
    double at, value;
    const Series* series;
  };
  std::vector<End> ends;
  for (const Series& series : chart.series) {
    const std::vector<Point> points = Thinned(series.points);
    if (!points.empty()) ends.push_back({y(points.back().y), points.back().y, &series});
  }
  std::ranges::sort(ends, {}, &End::at);
  std::string out;
  double lowest = 0;
  for (const End& end : ends) {
    const double at = std::max(end.at + 4, lowest + 13);
    lowest = at;
    out += fmt::format("<text class=\"value {}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                       end.series->style, x.end + 7, at, Escape(chart.format(end.value)));
  }
  return out;
}

std::string Legend(const LineChart& chart) {
  if (chart.series.size() < 2 && !chart.band && !chart.reference) return "";
  std::string out = "<ul class=\"legend\">";
  for (const Series& s : chart.series)
    out += fmt::format("<li class=\"{}\">{}</li>", s.style, Escape(s.name));
  if (chart.band)
    out +=
        fmt::format("<li class=\"area {}\">{}</li>", chart.band->style, Escape(chart.band->name));
  if (chart.reference)
    out += fmt::format("<li class=\"ref\">{}</li>", Escape(chart.reference->name));
  return out + "</ul>\n";
}

}  // namespace

std::string Render(const LineChart& chart) {
  Extent xs, ys;
  for (const Series& series : chart.series)
    for (const Point& p : series.points)
      if (std::isfinite(p.y)) xs.Add(p.x), ys.Add(p.y);
  if (chart.band) {
    for (double v : chart.band->x) xs.Add(v);
    for (double v : chart.band->low) ys.Add(v);
    for (double v : chart.band->high) ys.Add(v);
  }
  if (chart.reference) ys.Add(chart.reference->y);
  if (xs.is_empty()) xs = {0, 1};
  ys = Padded(ys, chart.from_zero);

  const Scale x{xs.low, xs.high, kLeft, kWidth - kRight},
      y{ys.low, ys.high, kHeight - kBottom, kTop};
  std::string out = OpenFigure(chart.caption, kHeight);
  out += GridY(y, chart.format, x) + AxisX(x, kHeight - kBottom, AsRound, chart.x_name, 1);
  if (chart.band) out += DrawBand(*chart.band, x, y);
  if (chart.reference)
    out += fmt::format("<path class=\"ref\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>\n", x.begin,
                       y(chart.reference->y), x.end);
  for (const Series& series : chart.series) out += DrawSeries(series, chart, x, y);
  return out + DrawEnds(chart, x, y) + CloseFigure() + Legend(chart);
}

}  // namespace tributary::report
