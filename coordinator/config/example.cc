#include "coordinator/config/example.h"

#include <algorithm>

#include "coordinator/config/key_text.h"

namespace tributary::config {
namespace {

constexpr size_t kWidth = 98;

// As lines of comments, broken between words.
std::string Comment(std::string_view text) {
  std::string out, line = "#";
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (line.size() + 1 + end > kWidth) out += line + "\n", line = "#";
    line += fmt::format(" {}", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + line + "\n";
}

// What stands for a value that is absent, of the slot's type.
std::string_view Blank(const Slot& slot) {
  if (std::holds_alternative<std::vector<std::string>*>(slot)) return "[]";
  if (std::holds_alternative<std::map<std::string, int64_t>*>(slot)) return "{}";
  return std::holds_alternative<std::optional<uint64_t>*>(slot) ? "0" : "\"\"";
}

std::string RenderKey(const Key& key, std::span<const ShownKey> shown) {
  const auto it = std::find_if(shown.begin(), shown.end(),
                               [&](const ShownKey& s) { return s.path == key.path; });
  std::string value = SlotText(key.slot);
  if (value.empty()) value = Blank(key.slot);
  std::string out = fmt::format("\n{}", Comment(HelpOf(key)));
  out += fmt::format("{}{} = {}", it == shown.end() ? "# " : "", NameOf(key), value);
  if (it != shown.end() && !it->edit.empty()) out += fmt::format("  {}: {}", kEditMark, it->edit);
  return out + "\n";
}

std::string RenderGroups() {
  std::string out;
  for (const GroupKey& key : GroupKeys()) out += Comment(fmt::format("{}: {}", key.name, key.help));
  return out + "#   [[clients]]\n#   group = \"small\"\n";
}

}  // namespace

std::string RenderExample(std::string_view title, std::span<const Key> keys,
                          std::span<const SectionHelp> sections, std::span<const ShownKey> shown) {
  std::string out = Comment(title);
  out += Comment(
      "What is commented out stands at its default. Relative paths are relative to this file.");
  for (const SectionHelp& section : sections) {
    if (!section.name.empty()) out += fmt::format("\n\n{}", Comment(section.help));
    if (section.name == "clients") {
      out += RenderGroups();
      continue;
    }
    if (!section.name.empty()) out += fmt::format("[{}]\n", section.name);
    for (const Key& key : keys)
      if (SectionOf(key) == section.name) out += RenderKey(key, shown);
  }
  return out;
}

}  // namespace tributary::config
