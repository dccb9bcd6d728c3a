#include "coordinator/report/comparison_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "coordinator/report/svg.h"

namespace tributary::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNone = "–";

std::string Points(double value, bool with_sign) {
  const std::string size = fmt::format("{:.2f}", std::abs(100 * value));
  if (with_sign) return (value < 0 ? "−" : "+") + size;
  return size;
}

std::string Cell(const Estimate& estimate, bool with_sign = false) {
  const std::string mean = Points(estimate.mean, with_sign);
  return estimate.half ? mean + " ± " + Points(*estimate.half, false) : mean;
}

std::string Rates(const std::vector<double>& rates) {
  std::string text;
  for (const double rate : rates) text += (text.empty() ? "" : ", ") + fmt::format("{:g}", rate);
  return text.empty() ? std::string(kNone) : text;
}

std::string Note(const Comparison& comparison) {
  std::string note = comparison.seeds > 1
                         ? fmt::format(
                               "Mean over {} seeds ± half of the 95 % interval (Student); "
                               "differences are paired by seed.",
                               comparison.seeds)
                         : "One seed: no interval can be given.";
  if (std::ranges::any_of(comparison.rows, &ComparisonRow::is_personal))
    note +=
        " * Personal parts: accuracy is over each client's own rows under its own parts, so it "
        "does not compare with the other rows.";
  return note;
}

Table EqualExamples(const Comparison& comparison) {
  Table table{"At equal examples",
              Note(comparison),
              {"group", "learning rate", "accuracy %", "against " + comparison.baseline, "examples",
               "bytes moved"},
              {}};
  for (const ComparisonRow& row : comparison.rows)
    table.rows.push_back({ShownName(row.name, row.is_personal), Rates(row.learning_rates),
                          Cell(row.accuracy),
                          row.difference ? Cell(*row.difference, true) : std::string(kNone),
                          AsRound(row.examples), AsBytes(row.bytes)});
  return table;
}

Table EqualBytes(const Comparison& comparison) {
  Table table{fmt::format("At equal bytes: {}", AsBytes(static_cast<double>(comparison.budget))),
              "Each run's last evaluation before it had moved more; a run that ended earlier stays "
              "below the budget, one whose first evaluation lies beyond it shows its start.",
              {"group", "accuracy %", "bytes moved"},
              {}};
  for (const BudgetRow& row : comparison.at_budget)
    table.rows.push_back(
        {ShownName(row.name, row.is_personal), Cell(row.accuracy), AsBytes(row.bytes)});
  return table;
}

size_t Width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Aligned(std::string_view text, size_t width, bool is_left) {
  const std::string gap(width - std::min(width, Width(text)), ' ');
  return is_left ? std::string(text) + gap : gap + std::string(text);
}

Json ToJson(const Estimate& estimate) {
  return {{"mean", estimate.mean},
          {"half", estimate.half ? Json(*estimate.half) : Json(nullptr)},
          {"seeds", estimate.count}};
}

}  // namespace

std::string ShownName(const std::string& name, bool is_personal) {
  return is_personal ? name + " *" : name;
}

std::vector<Table> TablesOf(const Comparison& comparison) {
  std::vector<Table> tables = {EqualExamples(comparison)};
  if (comparison.budget > 0) tables.push_back(EqualBytes(comparison));
  return tables;
}

std::string ComparisonText(const Comparison& comparison) {
  std::string out;
  for (const Table& table : TablesOf(comparison)) {
    std::vector<size_t> widths;
    for (size_t c = 0; c < table.columns.size(); ++c) {
      widths.push_back(Width(table.columns[c]));
      for (const auto& row : table.rows) widths[c] = std::max(widths[c], Width(row[c]));
    }
    const auto line = [&](const std::vector<std::string>& cells) {
      std::string text;
      for (size_t c = 0; c < cells.size(); ++c)
        text += (c == 0 ? "  " : "   ") + Aligned(cells[c], widths[c], c == 0);
      return text + "\n";
    };
    out += (out.empty() ? "" : "\n") + table.title + "\n" + line(table.columns);
    for (const auto& row : table.rows) out += line(row);
    out += table.note + "\n";
  }
  return out;
}

std::string ComparisonMarkdown(const Comparison& comparison) {
  std::string out;
  for (const Table& table : TablesOf(comparison)) {
    out += fmt::format("{}## {}\n\n|", out.empty() ? "" : "\n", table.title);
    for (const std::string& column : table.columns) out += " " + column + " |";
    out += "\n|---|";
    for (size_t c = 1; c < table.columns.size(); ++c) out += "---:|";
    for (const auto& row : table.rows) {
      out += "\n|";
      for (const std::string& cell : row) out += " " + cell + " |";
    }
    out += "\n\n" + table.note + "\n";
  }
  return out;
}

std::string ComparisonJson(const Comparison& comparison) {
  Json json = {{"schema", 1},
               {"baseline", comparison.baseline},
               {"rows", Json::array()},
               {"budget_bytes", comparison.budget},
               {"at_budget", Json::array()}};
  for (const ComparisonRow& row : comparison.rows)
    json["rows"].push_back({{"group", row.name},
                            {"learning_rates", row.learning_rates},
                            {"personal", row.is_personal},
                            {"reference", row.is_reference},
                            {"accuracy", ToJson(row.accuracy)},
                            {"difference", row.difference ? ToJson(*row.difference) : Json()},
                            {"examples", row.examples},
                            {"bytes", row.bytes}});
  for (const BudgetRow& row : comparison.at_budget)
    json["at_budget"].push_back({{"group", row.name},
                                 {"personal", row.is_personal},
                                 {"accuracy", ToJson(row.accuracy)},
                                 {"bytes", row.bytes}});
  return DumpJson(json, 2) + "\n";
}

}  // namespace tributary::report
