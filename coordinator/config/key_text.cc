#include "coordinator/config/key_text.h"

#include <fmt/ranges.h>

#include "coordinator/config/render.h"

namespace tributary::config {
namespace {

std::string ExactDuration(Duration duration) {
  const int64_t us = duration.count();
  if (us % 1'000'000 == 0) return Quote(fmt::format("{}s", us / 1'000'000));
  return Quote(us % 1000 == 0 ? fmt::format("{}ms", us / 1000) : fmt::format("{}us", us));
}

// The value as TOML; empty where it is absent.
struct Renderer {
  std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
  std::string operator()(const int64_t* v) const { return fmt::format("{}", *v); }
  std::string operator()(const uint64_t* v) const { return fmt::format("{}", *v); }
  std::string operator()(const std::optional<uint64_t>* v) const {
    return *v ? fmt::format("{}", **v) : "";
  }
  std::string operator()(const double* v) const { return TomlNumber(*v); }
  std::string operator()(const std::string* v) const { return v->empty() ? "" : Quote(*v); }
  std::string operator()(const std::filesystem::path* v) const {
    return v->empty() ? "" : Quote(v->string());
  }
  std::string operator()(const Duration* v) const { return ExactDuration(*v); }
  std::string operator()(const CohortSize* v) const {
    return v->clients ? fmt::format("{}", *v->clients) : "\"all\"";
  }
  std::string operator()(const std::vector<std::string>* v) const {
    std::vector<std::string> quoted;
    for (const std::string& item : *v) quoted.push_back(Quote(item));
    return v->empty() ? "" : fmt::format("[{}]", fmt::join(quoted, ", "));
  }
  std::string operator()(const std::map<std::string, int64_t>* v) const {
    std::vector<std::string> items;
    for (const auto& [name, value] : *v)
      items.push_back(fmt::format("{} = {}", Quote(name), value));
    return v->empty() ? "" : fmt::format("{{{}}}", fmt::join(items, ", "));
  }
};

}  // namespace

std::string SlotText(const Slot& slot) { return std::visit(Renderer(), slot); }

std::string TomlNumber(double value) {
  std::string text = fmt::format("{}", value);  // shortest that reads back equal
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string_view SlotType(const Slot& slot) {
  static constexpr std::string_view kTypes[] = {
      "true or false",   "whole number", "whole number", "whole number",      "number", "string",
      "list of strings", "path",         "duration",     "number or \"all\"", "table"};
  return kTypes[slot.index()];
}

std::string_view SectionOf(const Key& key) {
  const size_t dot = key.path.rfind('.');
  return dot == std::string_view::npos ? "" : key.path.substr(0, dot);
}

std::string_view NameOf(const Key& key) { return key.path.substr(key.path.rfind('.') + 1); }

std::string HelpOf(const Key& key) {
  std::vector<std::string_view> choices = key.choices;
  std::erase(choices, "");  // absent, which nobody types
  if (choices.empty() || key.path == "adapter.method") return std::string(key.help);
  return fmt::format("{} One of {}.", key.help, fmt::join(choices, ", "));
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace tributary::config
