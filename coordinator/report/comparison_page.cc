#include <fmt/format.h>

#include "coordinator/report/charts.h"
#include "coordinator/report/comparison_tables.h"
#include "coordinator/report/page.h"
#include "coordinator/report/sections.h"

namespace tributary::report {
namespace {

std::string Plot(const Comparison& comparison) {
  IntervalChart chart{.caption = {"accuracy", "Accuracy by group",
                                  "Means over seeds with 95 % intervals, the best first."},
                      .x_name = "accuracy; dashed: " + comparison.baseline,
                      .format = AsPercent};
  for (const ComparisonRow& row : comparison.rows) {
    if (row.is_baseline) chart.reference = row.accuracy.mean;
    const double half = row.accuracy.half.value_or(0);
    chart.rows.push_back(
        {ShownName(row.name, row.is_personal),
         fmt::format("{}: {} ± {:.2f} points", row.name, AsPercent(row.accuracy.mean), 100 * half),
         row.is_reference  ? "s3"
         : row.is_personal ? "s4"
                           : "s1",
         row.accuracy.mean, half, row.is_baseline});
  }
  return Render(chart) +
         "<ul class=\"legend\"><li class=\"s1\">methods</li><li class=\"s4\">with personal "
         "parts *</li><li class=\"s3\">references</li></ul>\n";
}

std::string Html(const Table& table) {
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (size_t c = 0; c < table.columns.size(); ++c)
    out += (c == 0 ? "<th class=\"words\">" : "<th>") + Escape(table.columns[c]) + "</th>";
  out += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < row.size(); ++c)
      out += c == 0 ? "<tr><th class=\"words\">" + Escape(row[c]) + "</th>"
                    : "<td>" + Escape(row[c]) + "</td>";
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n<p class=\"note\">" + Escape(table.note) + "</p>";
}

}  // namespace

std::string ComparisonHtml(const Comparison& comparison) {
  std::string out = OpenPage("Comparison of runs");
  out += OpenHeader(
      fmt::format("{} groups of runs against {}", comparison.rows.size(), comparison.baseline));
  out += "</header>\n<main>\n";
  out += Card("plot", "Accuracy", Plot(comparison));
  constexpr size_t kNarrow = 3;  // columns of a table that fits beside the plot
  for (const bool is_narrow : {true, false})
    for (const Table& table : TablesOf(comparison))
      if ((table.columns.size() <= kNarrow) == is_narrow)
        out += Card(fmt::format("table-{}", table.columns.size()), table.title, Html(table),
                    !is_narrow);
  return out + "</main>\n" + ClosePage("Written by tributary compare from finished runs.");
}

}  // namespace tributary::report
