#include "coordinator/config/render.h"

#include "aggregation/base/units.h"
#include "coordinator/config/keys.h"

namespace tributary::config {
namespace {

std::string Number(double value) {
  std::string text = fmt::format("{}", value);  // shortest that reads back equal
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string ExactDuration(Duration duration) {
  const int64_t us = duration.count();
  return Quote(us % 1'000'000 == 0 ? fmt::format("{}s", us / 1'000'000) : fmt::format("{}us", us));
}

// The value as TOML; empty where it is absent.
struct Renderer {
  std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
  std::string operator()(const int64_t* v) const { return fmt::format("{}", *v); }
  std::string operator()(const uint64_t* v) const { return fmt::format("{}", *v); }
  std::string operator()(const std::optional<uint64_t>* v) const {
    return *v ? fmt::format("{}", **v) : "";
  }
  std::string operator()(const double* v) const { return Number(*v); }
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

std::string RenderKeys(const Config& config, bool plan_only) {
  Config copy = config;
  std::string out, section;
  for (const Key& key : Keys(copy)) {
    if (plan_only && !key.in_plan) continue;
    const std::string value = std::visit(Renderer(), key.slot);
    if (value.empty()) continue;
    const size_t dot = key.path.rfind('.');
    const std::string_view of = dot == std::string_view::npos ? "" : key.path.substr(0, dot);
    if (of != section) out += fmt::format("\n[{}]\n", section = of);
    out += fmt::format("{} = {}\n", key.path.substr(dot + 1), value);
  }
  return out;
}

std::string_view SlotType(const Slot& slot) {
  static constexpr std::string_view kTypes[] = {
      "true or false",   "whole number", "whole number", "whole number",      "number", "string",
      "list of strings", "path",         "duration",     "number or \"all\"", "table"};
  return kTypes[slot.index()];
}

}  // namespace

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

std::array<std::filesystem::path*, 5> PathsOf(Config& config) {
  return {&config.model_path, &config.data.train, &config.data.test, &config.data.public_rows,
          &config.data.statistics_cache};
}

std::string RenderToml(const Config& config) {
  std::string out = RenderKeys(config, false);
  for (const ClientGroup& group : config.clients) {
    out += fmt::format("\n[[clients]]\ngroup = {}\nshare = {}\nspeed = {}\ndropout = {}\n",
                       Quote(group.group), Number(group.share), Number(group.speed),
                       Number(group.dropout));
    if (group.bandwidth > 0) out += fmt::format("bandwidth = \"{}B\"\n", group.bandwidth);
  }
  return out;
}

std::string RenderPlan(const Config& config) { return RenderKeys(config, true); }

Digest PlanDigest(const Config& config) { return Sha256(RenderPlan(config)); }

std::string RenderManual() {
  Config defaults;
  std::string out =
      "# Configuration\n\nMade by `tributary check --manual`; do not edit. A file is TOML. "
      "Durations and sizes are strings with\n"
      "units (\"90s\", \"10MB\"); relative paths are relative to the file that names them. "
      "`tributary check FILE` lists every\n"
      "fault at once and prints the effective configuration. `--set section.key=value` overrides a "
      "key; the value is TOML,\n"
      "and a bare word is a string. Keys marked *plan* are hashed as the plan digest and are the "
      "same for simulation and\n"
      "deployment; the others describe a simulation's surroundings.\n";
  for (const SectionHelp& section : Sections()) {
    out += fmt::format(
        "\n## {}\n\n{}\n\n| key | type | default | | meaning |\n|---|---|---|---|---|\n",
        section.name.empty() ? "Top level" : fmt::format("[{}]", section.name), section.help);
    if (section.name == "clients") {
      for (const GroupKey& key : GroupKeys())
        out += fmt::format("| `{}` | | | | {} |\n", key.name, key.help);
      continue;
    }
    for (const Key& key : Keys(defaults)) {
      const size_t dot = key.path.rfind('.');
      if ((dot == std::string_view::npos ? "" : key.path.substr(0, dot)) != section.name) continue;
      const std::string value = std::visit(Renderer(), key.slot);
      std::string help(key.help);
      std::vector<std::string_view> choices = key.choices;
      std::erase(choices, "");
      if (!choices.empty() && key.path != "adapter.method")
        help += fmt::format(" One of {}.", fmt::join(choices, ", "));
      out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.path.substr(dot + 1),
                         SlotType(key.slot), value.empty() ? "" : fmt::format("`{}`", value),
                         key.in_plan ? "plan" : "", help);
    }
  }
  return out;
}

}  // namespace tributary::config
