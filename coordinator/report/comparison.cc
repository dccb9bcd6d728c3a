#include "coordinator/report/comparison.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <ranges>
#include <set>

namespace tributary::report {
namespace {

using Group = std::map<uint64_t, const ComparedRun*>;  // by seed
using Groups = std::map<std::string, Group, std::less<>>;

constexpr double kStudent[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                               2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                               2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                               2.060,  2.056, 2.052, 2.048, 2.045, 2.042};

Result<Groups> GroupsOf(std::span<const ComparedRun> runs) {
  Groups groups;
  for (const ComparedRun& run : runs)
    if (!groups[run.group].emplace(run.seed, &run).second)
      return InvalidArgument("{}: two runs have seed {}; a group repeats one plan with seeds",
                             run.group, run.seed);
  return groups;
}

Status CheckNames(const Groups& groups, const CompareOptions& options) {
  const std::string known = fmt::format("{}", fmt::join(std::views::keys(groups), ", "));
  if (!groups.contains(options.baseline))
    return InvalidArgument("baseline \"{}\" is none of the groups: {}", options.baseline, known);
  for (const std::string& name : options.references)
    if (!groups.contains(name))
      return InvalidArgument("reference \"{}\" is none of the groups: {}", name, known);
  return {};
}

template <typename Value>
std::vector<double> Values(const Group& group, Value value) {
  std::vector<double> values;
  for (const auto& [seed, run] : group) values.push_back(value(*run));
  return values;
}

double Final(const ComparedRun& run) { return run.points.back().accuracy; }

std::optional<Estimate> Difference(const Group& group, const Group& baseline) {
  std::vector<double> differences;
  for (const auto& [seed, run] : group)
    if (const auto other = baseline.find(seed); other != baseline.end())
      differences.push_back(Final(*run) - Final(*other->second));
  if (differences.empty()) return std::nullopt;
  return EstimateOf(differences);
}

ComparisonRow RowOf(const std::string& name, const Group& group) {
  ComparisonRow row{.name = name, .is_personal = group.begin()->second->is_personal};
  std::set<double> rates;
  for (const auto& [seed, run] : group) rates.insert(run->learning_rate);
  row.learning_rates.assign(rates.begin(), rates.end());
  row.accuracy = EstimateOf(Values(group, Final));
  const auto mean = [&](auto value) { return EstimateOf(Values(group, value)).mean; };
  row.examples = mean([](const ComparedRun& r) { return static_cast<double>(r.examples); });
  row.bytes = mean([](const ComparedRun& r) { return static_cast<double>(r.points.back().bytes); });
  return row;
}

BudgetRow RowAt(const std::string& name, const Group& group, int64_t budget) {
  std::vector<double> accuracies, bytes;
  for (const auto& [seed, run] : group) {
    ComparedRun::Point reached{0, run->start};
    for (const ComparedRun::Point& point : run->points)
      if (point.bytes <= budget) reached = point;
    accuracies.push_back(reached.accuracy);
    bytes.push_back(static_cast<double>(reached.bytes));
  }
  return {name, group.begin()->second->is_personal, EstimateOf(accuracies), EstimateOf(bytes).mean};
}

// Before any round; of the baseline's runs, since the start is common to all.
ComparisonRow StartRow(const Group& baseline) {
  ComparisonRow row{.name = "start only", .is_reference = true};
  row.accuracy = EstimateOf(Values(baseline, [](const ComparedRun& r) { return r.start; }));
  row.difference =
      EstimateOf(Values(baseline, [](const ComparedRun& r) { return r.start - Final(r); }));
  return row;
}

}  // namespace

double StudentQuantile(size_t freedom) {
  TRIBUTARY_CHECK(freedom > 0, "an interval needs two values");
  if (freedom <= std::size(kStudent)) return kStudent[freedom - 1];
  // The first terms of Fisher's expansion about the normal quantile.
  const double z = 1.959964, n = static_cast<double>(freedom);
  return z + (z * z * z + z) / (4 * n) +
         (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n);
}

Estimate EstimateOf(std::span<const double> values) {
  TRIBUTARY_CHECK(!values.empty(), "no values have no mean");
  const auto n = static_cast<double>(values.size());
  Estimate estimate{values.size(), std::accumulate(values.begin(), values.end(), 0.0) / n, {}};
  if (values.size() < 2) return estimate;
  double squares = 0;
  for (const double value : values) squares += std::pow(value - estimate.mean, 2);
  estimate.half = StudentQuantile(values.size() - 1) * std::sqrt(squares / (n - 1) / n);
  return estimate;
}

Result<Comparison> Compare(std::span<const ComparedRun> runs, const CompareOptions& options) {
  ASSIGN_OR_RETURN(const Groups groups, GroupsOf(runs));
  RETURN_IF_ERROR(CheckNames(groups, options));
  const Group& baseline = groups.at(options.baseline);
  Comparison comparison{.baseline = options.baseline, .budget = options.budget};
  for (const auto& [name, group] : groups) {
    ComparisonRow row = RowOf(name, group);
    row.is_baseline = name == options.baseline;
    row.is_reference = std::ranges::find(options.references, name) != options.references.end();
    if (!row.is_baseline) row.difference = Difference(group, baseline);
    if (options.budget > 0 && !row.is_reference)
      comparison.at_budget.push_back(RowAt(name, group, options.budget));
    comparison.seeds = std::max(comparison.seeds, group.size());
    comparison.rows.push_back(std::move(row));
  }
  comparison.rows.push_back(StartRow(baseline));
  std::ranges::stable_sort(comparison.rows, {}, [](const ComparisonRow& row) {
    return std::pair(row.is_reference, -row.accuracy.mean);
  });
  std::ranges::stable_sort(comparison.at_budget, std::greater<>(),
                           [](const BudgetRow& row) { return row.accuracy.mean; });
  return comparison;
}

}  // namespace tributary::report
