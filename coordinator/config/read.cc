#include "coordinator/config/read.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "aggregation/base/file.h"
#include "aggregation/base/suggest.h"
#include "aggregation/base/units.h"
#include "coordinator/config/keys.h"
#include "coordinator/config/value.h"

namespace tributary::config {
namespace {

constexpr size_t kMaxFile = size_t{1} << 20;  // of a file of settings

class ConfigReader {
 public:
  // `groups` takes [[clients]] tables, where a file may have any.
  ConfigReader(std::string_view name, const std::filesystem::path& base, std::span<const Key> keys,
               std::span<const SectionHelp> sections, std::vector<ClientGroup>* groups,
               std::vector<Fault>* faults)
      : name_(name),
        base_(base),
        keys_(keys),
        sections_(sections),
        groups_(groups),
        faults_(faults) {}

  void ReadTable(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string path =
          prefix.empty() ? std::string(key.str()) : prefix + "." + std::string(key.str());
      if (path == "clients" && groups_ != nullptr) {
        ReadGroups(node);
      } else if (const Key* known = Find(path)) {
        if (std::string fault = ReadValue(*known, node, base_); !fault.empty())
          Add(node, std::move(fault));
      } else if (node.is_table() && IsSection(path)) {
        ReadTable(*node.as_table(), path);
      } else {
        AddUnknown(node, path, prefix);
      }
    }
  }

 private:
  void Add(const toml::node& node, std::string message) {
    const auto line = node.source().begin.line;
    faults_->push_back(
        {line > 0 && name_ != "--set" ? fmt::format("{}:{}", name_, line) : std::string(name_),
         std::move(message)});
  }
  const Key* Find(std::string_view path) const {
    const auto it =
        std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.path == path; });
    return it == keys_.end() ? nullptr : &*it;
  }
  bool IsSection(std::string_view path) const {
    return std::any_of(sections_.begin(), sections_.end(),
                       [&](const SectionHelp& s) { return !s.name.empty() && s.name == path; });
  }
  void AddUnknown(const toml::node& node, const std::string& path, std::string_view prefix) {
    std::vector<std::string_view> names;
    for (const Key& key : keys_) names.push_back(key.path);
    for (const SectionHelp& section : sections_) names.push_back(section.name);
    std::string_view near = Nearest(path, names);
    if (near.empty()) {  // the right name in the wrong section
      const auto last = path.substr(path.rfind('.') + 1);
      for (const Key& key : keys_)
        if (key.path.substr(key.path.rfind('.') + 1) == last) near = key.path;
    }
    Add(node, fmt::format("{} \"{}\" is not known{}",
                          node.is_table() && prefix.empty() ? "section" : "key", path,
                          near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }

  void ReadGroups(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (!list || (!list->empty() && !list->is_array_of_tables()))
      return Add(node, "clients: expected [[clients]] tables");
    groups_->clear();
    for (const toml::node& item : *list) ReadGroup(*item.as_table());
  }
  void ReadGroup(const toml::table& table) {
    ClientGroup& group = groups_->emplace_back();
    for (const auto& [name, node] : table) {
      const auto number = node.is_integer()
                              ? std::optional<double>(static_cast<double>(**node.as_integer()))
                              : node.value_exact<double>();
      const auto text = node.value_exact<std::string>();
      const auto set = [this, &name = name, &node = node, number](double& slot, double low,
                                                                  double high) {
        if (number && *number >= low && *number <= high)
          slot = *number;
        else
          Add(node, fmt::format("clients.{}: expected a number from {:g} to {:g}", name.str(), low,
                                high));
      };
      if (name == "group" && text && !text->empty())
        group.group = *text;
      else if (name == "share")
        set(group.share, 1e-9, 1e9);
      else if (name == "speed")
        set(group.speed, 1e-6, 1e6);
      else if (name == "dropout")
        set(group.dropout, 0, 0.99);
      else if (name == "bandwidth" && text)
        ReadBandwidth(node, *text, &group);
      else if (name == "group" || name == "bandwidth")
        Add(node, fmt::format("clients.{}: expected a string", name.str()));
      else
        Add(node, fmt::format("key \"clients.{}\" is not known; there are group, share, speed, "
                              "bandwidth, dropout",
                              name.str()));
    }
    if (group.group.empty()) Add(table, "clients: a table without group = \"name\"");
  }
  void ReadBandwidth(const toml::node& node, const std::string& text, ClientGroup* group) {
    const auto value = ParseSize(text);
    if (!value || *value < 1)
      return Add(
          node,
          fmt::format("clients.bandwidth is \"{}\", expected a size per second such as \"1MB\"",
                      text));
    group->bandwidth = *value;
  }

  std::string_view name_;
  const std::filesystem::path& base_;
  const std::span<const Key> keys_;
  const std::span<const SectionHelp> sections_;
  std::vector<ClientGroup>* const groups_;
  std::vector<Fault>* const faults_;
};

void ApplyOverride(const std::string& text, ReadConfig* out) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    out->faults.push_back({"--set", fmt::format("\"{}\": expected section.key=value", text)});
    return;
  }
  const std::string path = text.substr(0, equals), value = text.substr(equals + 1);
  toml::parse_result parsed = toml::parse(path + " = " + value);
  if (!parsed) {
    std::string quoted;
    for (char c : value)
      quoted += c == '"' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
    parsed = toml::parse(path + " = \"" + quoted + "\"");
  }
  if (!parsed) {
    out->faults.push_back({"--set", fmt::format("\"{}\": {}", text, parsed.error().description())});
    return;
  }
  const std::vector<Key> keys = Keys(out->config);
  ConfigReader("--set", std::filesystem::current_path(), keys, Sections(), &out->config.clients,
               &out->faults)
      .ReadTable(parsed.table(), "");
}

}  // namespace

Result<std::vector<Fault>> ReadKeys(std::string_view text, std::string_view name,
                                    const std::filesystem::path& base, std::span<const Key> keys,
                                    std::span<const SectionHelp> sections,
                                    std::vector<ClientGroup>* groups) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return InvalidArgument("{}:{}: {}", name, error.source().begin.line, error.description());
  }
  std::vector<Fault> faults;
  ConfigReader(name, base, keys, sections, groups, &faults).ReadTable(parsed.table(), "");
  return faults;
}

ReadConfig ReadConfigText(std::string_view text, std::string_view name,
                          const std::filesystem::path& base,
                          const std::vector<std::string>& overrides) {
  ReadConfig out;
  const std::vector<Key> keys = Keys(out.config);
  auto faults = ReadKeys(text, name, base, keys, Sections(), &out.config.clients);
  if (!faults) return out.faults.push_back({"", faults.error().message}), out;
  out.faults = *std::move(faults);
  for (const std::string& override : overrides) ApplyOverride(override, &out);
  for (Fault& fault : CrossCheck(out.config)) out.faults.push_back(std::move(fault));
  return out;
}

ReadConfig ReadConfigFile(const std::filesystem::path& path,
                          const std::vector<std::string>& overrides) {
  const auto text = ReadFile(path);
  if (!text) return {{}, {{"", text.error().message}}};
  return ReadConfigText(*text, path.string(), path.parent_path(), overrides);
}

Status ReadKeysFile(const std::filesystem::path& file, std::span<const Key> keys,
                    std::span<const SectionHelp> sections) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxFile));
  ASSIGN_OR_RETURN(const std::vector<Fault> faults,
                   ReadKeys(text, file.string(), file.parent_path(), keys, sections));
  return AsStatus(faults);
}

Result<Config> ReadPlan(std::string_view text) {
  ReadConfig read = ReadConfigText(text, "plan", ".", {});
  RETURN_IF_ERROR(AsStatus(read.faults));
  return std::move(read.config);
}

Status AsStatus(std::span<const Fault> faults) {
  std::vector<std::string> texts;
  for (const Fault& fault : faults) texts.push_back(fault.Text());
  return texts.empty() ? Status() : InvalidArgument("{}", fmt::join(texts, "\n"));
}

}  // namespace tributary::config
