#include "coordinator/config/value.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "aggregation/base/suggest.h"
#include "aggregation/base/units.h"

namespace tributary::config {
namespace {

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

// Reads one value into its slot; returns what is wrong, or "".
class SlotReader {
 public:
  SlotReader(const Key& key, const toml::node& node, const std::filesystem::path& base)
      : key_(key), node_(node), base_(base) {}

  std::string Read() {
    return std::visit([this](auto* slot) { return ReadInto(*slot); }, key_.slot);
  }

 private:
  std::string Expected(std::string_view what) const {
    return fmt::format("{} is {}, expected {}", key_.path, TypeName(node_), what);
  }
  std::string Bounded(double value) const {
    if (key_.low == key_.high || (value >= key_.low && value <= key_.high)) return "";
    return fmt::format("{} is {:g}, expected {:g} to {:g}", key_.path, value, key_.low, key_.high);
  }

  std::string ReadInto(bool& slot) {
    const auto value = node_.value_exact<bool>();
    if (!value) return Expected("true or false");
    return slot = *value, "";
  }
  std::string ReadInto(int64_t& slot) {
    const auto value = node_.value_exact<int64_t>();
    if (!value) return Expected("a whole number");
    if (auto fault = Bounded(static_cast<double>(*value)); !fault.empty()) return fault;
    return slot = *value, "";
  }
  std::string ReadInto(uint64_t& slot) {
    const auto value = node_.value_exact<int64_t>();
    if (!value || *value < 0)
      return value ? fmt::format("{} is {}, expected 0 or more", key_.path, *value)
                   : Expected("a whole number");
    return slot = static_cast<uint64_t>(*value), "";
  }
  std::string ReadInto(std::optional<uint64_t>& slot) { return ReadInto(slot.emplace()); }
  std::string ReadInto(double& slot) {
    const auto value = node_.is_integer()
                           ? std::optional<double>(static_cast<double>(**node_.as_integer()))
                           : node_.value_exact<double>();
    if (!value) return Expected("a number");
    if (!std::isfinite(*value)) return fmt::format("{} is not finite", key_.path);
    if (auto fault = Bounded(*value); !fault.empty()) return fault;
    return slot = *value, "";
  }
  std::string ReadInto(std::string& slot) {
    const auto value = node_.value_exact<std::string>();
    if (!value) return Expected("a string");
    if (!key_.choices.empty() &&
        std::find(key_.choices.begin(), key_.choices.end(), *value) == key_.choices.end()) {
      std::vector<std::string_view> choices = key_.choices;
      std::erase(choices, "");  // absent, which nobody types
      return fmt::format("{} is \"{}\"{}; expected {}", key_.path, *value,
                         DidYouMean(*value, choices), fmt::join(choices, ", "));
    }
    return slot = *value, "";
  }
  std::string ReadInto(std::vector<std::string>& slot) {
    if (const auto one = node_.value_exact<std::string>()) return slot = {*one}, "";
    const toml::array* list = node_.as_array();
    if (!list) return Expected("a list of strings");
    std::vector<std::string> values;
    for (const toml::node& item : *list) {
      const auto value = item.value_exact<std::string>();
      if (!value) return fmt::format("{} holds {}, expected strings", key_.path, TypeName(item));
      values.push_back(*value);
    }
    return slot = std::move(values), "";
  }
  std::string ReadInto(std::filesystem::path& slot) {
    const auto value = node_.value_exact<std::string>();
    if (!value) return Expected("a path in quotes");
    return slot = (base_ / *value).lexically_normal(), "";
  }
  std::string ReadInto(Duration& slot) {
    const auto text = node_.value_exact<std::string>();
    if (!text) return Expected("a string with a unit, such as \"90s\"");
    const auto value = ParseDuration(*text);
    if (!value) return fmt::format("{}: {}", key_.path, value.error().message);
    const double seconds = std::chrono::duration<double>(*value).count();
    const bool is_bounded = key_.low != key_.high;
    if (is_bounded && (seconds < key_.low || seconds > key_.high))
      return fmt::format("{} is {}, expected {:g}s to {:g}s", key_.path, *text, key_.low,
                         key_.high);
    if (!is_bounded && value->count() == 0)
      return fmt::format("{} is {}, expected more than nothing", key_.path, *text);
    return slot = *value, "";
  }
  std::string ReadInto(CohortSize& slot) {
    if (node_.value_exact<std::string>() == "all") return slot = {}, "";
    const auto value = node_.value_exact<int64_t>();
    if (!value) return Expected("a number of clients, or \"all\"");
    if (*value < 1)
      return fmt::format("{} is {}, expected 1 or more, or \"all\"", key_.path, *value);
    return slot = {*value}, "";
  }
  std::string ReadInto(std::map<std::string, int64_t>& slot) {
    const toml::table* table = node_.as_table();
    if (!table) return Expected("a table such as {small = 4}");
    std::map<std::string, int64_t> values;
    for (const auto& [name, item] : *table) {
      const auto value = item.value_exact<int64_t>();
      if (!value || *value < 1 || *value > 4096)
        return fmt::format("{}.{}: expected a whole number from 1 to 4096", key_.path, name.str());
      values[std::string(name.str())] = *value;
    }
    return slot = std::move(values), "";
  }

  const Key& key_;
  const toml::node& node_;
  const std::filesystem::path& base_;
};

}  // namespace

std::string ReadValue(const Key& key, const toml::node& node, const std::filesystem::path& base) {
  return SlotReader(key, node, base).Read();
}

}  // namespace tributary::config
