#include "client/data/tokenizer/json_field.h"

#include <nlohmann/json.hpp>

namespace tributary::data {

tl::unexpected<Error> JsonField::Unexpected(std::string_view expected) const {
  return Wrong("found {}, expected {}", value_->type_name(), expected);
}

Status JsonField::ExpectObject() const {
  if (!value_->is_object()) return Unexpected("an object");
  return {};
}

Result<std::optional<JsonField>> JsonField::Find(std::string_view key) const {
  RETURN_IF_ERROR(ExpectObject());
  const auto found = value_->find(std::string(key));
  if (found == value_->end() || found->is_null()) return std::optional<JsonField>();
  const std::string_view dot = place_.empty() ? "" : ".";
  return std::optional<JsonField>(JsonField(*found, fmt::format("{}{}{}", place_, dot, key)));
}

Result<JsonField> JsonField::Get(std::string_view key) const {
  ASSIGN_OR_RETURN(auto found, Find(key));
  if (!found) return Wrong("\"{}\" is missing", key);
  return *std::move(found);
}

Result<bool> JsonField::Boolean() const {
  if (!value_->is_boolean()) return Unexpected("true or false");
  return value_->get<bool>();
}

Result<std::string> JsonField::String() const {
  if (!value_->is_string()) return Unexpected("a string");
  return value_->get<std::string>();
}

Result<int64_t> JsonField::Integer(int64_t least, int64_t most) const {
  if (!value_->is_number_integer()) return Unexpected("an integer");
  const bool too_large =
      value_->is_number_unsigned() && value_->get<uint64_t>() > static_cast<uint64_t>(most);
  const int64_t number = too_large ? most : value_->get<int64_t>();
  if (too_large || number < least || number > most)
    return Wrong("found {}, expected a number from {} to {}", value_->dump(), least, most);
  return number;
}

Result<std::vector<JsonField>> JsonField::Elements() const {
  if (!value_->is_array()) return Unexpected("an array");
  std::vector<JsonField> elements;
  for (size_t i = 0; i < value_->size(); ++i)
    elements.emplace_back((*value_)[i], fmt::format("{}[{}]", place_, i));
  return elements;
}

Result<bool> JsonField::Boolean(std::string_view key) const {
  ASSIGN_OR_RETURN(const JsonField field, Get(key));
  return field.Boolean();
}

Result<std::string> JsonField::String(std::string_view key) const {
  ASSIGN_OR_RETURN(const JsonField field, Get(key));
  return field.String();
}

Result<int64_t> JsonField::Integer(std::string_view key, int64_t least, int64_t most) const {
  ASSIGN_OR_RETURN(const JsonField field, Get(key));
  return field.Integer(least, most);
}

}  // namespace tributary::data
