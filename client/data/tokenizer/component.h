#pragma once
// A tokenizer.json names its parts: a normalizer, a pre-tokenizer, a model, a post-processor. Each
// of these families is one table of rows; a new member is one .cc and one row. What no row knows is
// refused by name, since ids that are nearly right train a model on noise.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "client/data/tokenizer/json_field.h"

namespace tributary::data {

template <typename Part>
struct ComponentRow {
  std::string_view type;  // as "type" in the file has it
  Result<std::unique_ptr<const Part>> (*make)(const JsonField& field);
};

template <typename Part>
Result<std::unique_ptr<const Part>> MakeComponent(std::span<const ComponentRow<Part>> table,
                                                  std::string_view type, const JsonField& field) {
  std::string known;
  for (const ComponentRow<Part>& row : table) {
    if (row.type == type) return row.make(field);
    known.append(known.empty() ? "" : ", ").append(row.type);
  }
  return MakeError(
      Code::kUnimplemented,
      "{}: type \"{}\" is not supported yet (others come later through the same table); "
      "supported now: {}",
      field.place(), Shorten(type), known);
}

template <typename Part>
Result<std::unique_ptr<const Part>> MakeComponent(std::span<const ComponentRow<Part>> table,
                                                  const JsonField& field) {
  ASSIGN_OR_RETURN(const std::string type, field.String("type"));
  return MakeComponent(table, type, field);
}

}  // namespace tributary::data
