#pragma once
// Runs side by side: groups of runs that repeat one plan with several seeds, and what their means
// tell. Intervals are Student's at 95 %, over seeds; differences are paired by seed, which takes
// out what all methods owe to the cohorts and rows of a seed.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary::report {

// What is compared of a finished run.
struct ComparedRun {
  std::string group;
  uint64_t seed = 0;
  double learning_rate = 0;
  bool is_personal = false;  // accuracy is over each client's rows under its own parts
  double start = 0;          // accuracy before round one
  int64_t examples = 0;      // rows that were trained, over all rounds
  struct Point {
    int64_t bytes = 0;  // moved since the start, up and down
    double accuracy = 0;
  };
  std::vector<Point> points;  // of every evaluated round after the start; not empty
};

struct Estimate {
  size_t count = 0;
  double mean = 0;
  std::optional<double> half;  // of the 95 % interval; none with one value
};
// Of at least one value.
Estimate EstimateOf(std::span<const double> values);

// The quantile of Student's distribution that leaves 2.5 % above it; `freedom` is 1 or more.
double StudentQuantile(size_t freedom);

struct ComparisonRow {
  std::string name;
  std::vector<double> learning_rates;  // ascending, each once
  bool is_personal = false, is_baseline = false, is_reference = false;
  Estimate accuracy;
  std::optional<Estimate> difference;  // to the baseline; none for it and without common seeds
  double examples = 0, bytes = 0;      // means
};

// The accuracies that a byte budget buys: of each run's last evaluation within it, or of its start.
struct BudgetRow {
  std::string name;
  bool is_personal = false;
  Estimate accuracy;
  double bytes = 0;  // mean of what was moved by then
};

struct Comparison {
  std::string baseline;
  size_t seeds = 0;                 // most of any group
  std::vector<ComparisonRow> rows;  // the best first; references after the methods
  int64_t budget = 0;               // 0: no second table
  std::vector<BudgetRow> at_budget;
};

struct CompareOptions {
  std::string baseline;                 // a group's name
  std::vector<std::string> references;  // groups that are no competitors
  int64_t budget = 0;
};

// One run at least; two of one group must not share a seed. A baseline or reference that is no
// group is InvalidArgument and lists the groups.
Result<Comparison> Compare(std::span<const ComparedRun> runs, const CompareOptions& options);

std::string ComparisonText(const Comparison& comparison);
std::string ComparisonMarkdown(const Comparison& comparison);
std::string ComparisonJson(const Comparison& comparison);
// One self-contained page with one plot, like report.html.
std::string ComparisonHtml(const Comparison& comparison);

}  // namespace tributary::report
