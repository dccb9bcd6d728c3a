#pragma once
// The charts of a report, as SVG fragments for an HTML page. Series are told apart by class
// ("s1" to "s4", styled by the page), by dashes and by a legend. Every chart has a limit of marks;
// beyond it, line charts thin their points and bar charts add neighbours up.

#include <optional>
#include <string>
#include <vector>

#include "coordinator/report/svg.h"

namespace tributary::report {

inline constexpr size_t kMaxPoints = 400, kMaxBars = 80;

struct Point {
  double x = 0, y = 0;
};
struct Series {
  std::string name = {}, style = {};
  std::vector<Point> points = {};  // by x; those that are not finite are left out
};
struct Band {
  std::string name = {}, style = {};
  std::vector<double> x = {}, low = {}, high = {};
};
struct Reference {  // a horizontal line
  std::string name = {};
  double y = 0;
};

struct LineChart {
  Caption caption = {};
  std::string x_name = "round";
  std::vector<Series> series = {};
  std::optional<Band> band = {};
  std::optional<Reference> reference = {};
  Format format = AsNumber;
  bool from_zero = false;
};
std::string Render(const LineChart& chart);

// Stacked bars over whole numbers: `up` upon `down`.
struct BarChart {
  Caption caption = {};
  std::string lower_name = {}, upper_name = {};
  std::vector<double> x = {}, lower = {}, upper = {};  // of equal length
  Format format = AsNumber;
};
std::string Render(const BarChart& chart);

// One horizontal bar a row, in two parts.
struct RowChart {
  struct Row {
    std::string name = {}, hint = {};  // the hint appears on pointing at it
    double first = 0, second = 0;
    bool is_marked = false;
  };
  Caption caption = {};
  std::string first_name = {}, second_name = {};
  std::vector<Row> rows = {};
  Format format = AsNumber;
};
std::string Render(const RowChart& chart);

// One row a name: a mean and its interval on a common axis, with a vertical line to compare with.
struct IntervalChart {
  struct Row {
    std::string name = {}, hint = {}, style = {};
    double mean = 0, half = 0;  // half of the interval; 0: a mean alone
    bool is_marked = false;
  };
  Caption caption = {};
  std::string x_name = {};
  std::vector<Row> rows = {};
  std::optional<double> reference = {};
  Format format = AsNumber;
};
std::string Render(const IntervalChart& chart);

}  // namespace tributary::report
