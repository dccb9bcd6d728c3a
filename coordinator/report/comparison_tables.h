#pragma once
// The two tables of a comparison as cells, for text, Markdown and HTML alike.

#include <string>
#include <vector>

#include "coordinator/report/comparison.h"

namespace tributary::report {

struct Table {
  std::string title, note;
  std::vector<std::string> columns;            // the first is words, the others numbers
  std::vector<std::vector<std::string>> rows;  // as long as `columns`
};

// A group's name as it is shown: one with personal parts is marked, and the note says why.
std::string ShownName(const std::string& name, bool is_personal);

// Equal examples; then equal bytes, where there is a budget.
std::vector<Table> TablesOf(const Comparison& comparison);

}  // namespace tributary::report
