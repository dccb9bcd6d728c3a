#include "coordinator/config/render.h"

#include "coordinator/config/key_text.h"

namespace tributary::config {
namespace {

std::string RenderKeys(const Config& config, bool plan_only) {
  Config copy = config;
  std::string out, section;
  for (const Key& key : Keys(copy)) {
    if (plan_only && !key.in_plan) continue;
    const std::string value = SlotText(key.slot);
    if (value.empty()) continue;
    if (SectionOf(key) != section) out += fmt::format("\n[{}]\n", section = SectionOf(key));
    out += fmt::format("{} = {}\n", NameOf(key), value);
  }
  return out;
}

}  // namespace

std::array<std::filesystem::path*, 5> PathsOf(Config& config) {
  return {&config.model_path, &config.data.train, &config.data.test, &config.data.public_rows,
          &config.data.statistics_cache};
}

std::string RenderToml(const Config& config) {
  std::string out = RenderKeys(config, false);
  for (const ClientGroup& group : config.clients) {
    out += fmt::format("\n[[clients]]\ngroup = {}\nshare = {}\nspeed = {}\ndropout = {}\n",
                       Quote(group.group), TomlNumber(group.share), TomlNumber(group.speed),
                       TomlNumber(group.dropout));
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
      if (SectionOf(key) != section.name) continue;
      const std::string value = SlotText(key.slot);
      out += fmt::format("| `{}` | {} | {} | {} | {} |\n", NameOf(key), SlotType(key.slot),
                         value.empty() ? "" : fmt::format("`{}`", value), key.in_plan ? "plan" : "",
                         HelpOf(key));
    }
  }
  return out;
}

}  // namespace tributary::config
