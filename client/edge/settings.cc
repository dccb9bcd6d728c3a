#include "client/edge/settings.h"

#include <fmt/ranges.h>

#include <array>

#include "aggregation/base/file.h"

namespace tributary::edge {

std::vector<config::Key> KeysOf(Settings& s) {
  return {
      {"name", &s.name, false, "Name of the site; with TLS it is the certificate's."},
      {"coordinator", &s.coordinator, false, "Address of the coordinator, host:port."},
      {"directory", &s.directory, false, "Where the client keeps its journal and its cache."},
      {"models", &s.models, false, "Directories of base models, which runs name by digest."},
      {"device", &s.device, false, "auto, cpu, cuda or cuda:N."},
      {"data.train", &s.data.train, false, "The site's rows."},
      {"data.public", &s.data.public_train, false,
       "Public rows, at the designated client, for adapter.start = \"public-gradient\"."},
      {"data.test", &s.data.test, false, "Public test rows, at the designated client."},
      {"data.text", &s.data.text, false, "Column of the text, or two columns for sentence pairs."},
      {"data.label", &s.data.label, false, "Column of the label."},
      {"data.format",
       &s.data.format,
       false,
       "When absent, by the file's extension.",
       0,
       0,
       {"", "jsonl", "csv", "tsv"}},
      {"limits.threads", &s.threads, false, "Threads of evaluations and statistics.", 1, 1024},
  };
}

std::span<const config::SectionHelp> SettingsSections() {
  static constexpr std::array<config::SectionHelp, 3> kSections = {
      {{"", "The client as a whole."},
       {"data", "The site's rows; which columns mean what."},
       {"limits", "What a task may use."}}};
  return kSections;
}

Result<Settings> ReadSettings(const std::filesystem::path& file) {
  Settings settings;
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, size_t{1} << 20));
  const std::filesystem::path base = file.parent_path();
  const std::vector<config::Key> keys = KeysOf(settings);
  ASSIGN_OR_RETURN(const std::vector<config::Fault> faults,
                   config::ReadKeys(text, file.string(), base, keys, SettingsSections()));
  std::vector<std::string> texts;
  for (const config::Fault& fault : faults) texts.push_back(fault.Text());
  if (!texts.empty()) return InvalidArgument("{}", fmt::join(texts, "\n"));
  if (settings.directory == Settings().directory) settings.directory = base / settings.directory;
  for (std::string& model : settings.models) model = (base / model).lexically_normal().string();
  return settings;
}

}  // namespace tributary::edge
