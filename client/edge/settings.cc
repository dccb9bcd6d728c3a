#include "client/edge/settings.h"

#include <array>

namespace tributary::edge {

std::vector<config::Key> KeysOf(Settings& s) {
  std::vector<config::Key> keys = {
      {"name", &s.name, false, "Name of the site; with TLS it is the certificate's."},
      {"coordinator", &s.coordinator, false,
       "Address of the coordinator, host:port; when absent, the one learnt on joining."},
      {"connection.proxy", &s.proxy, false,
       "An HTTP CONNECT proxy, http://host:port; when absent, that of the environment."},
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
  config::AddLogKeys(s.log, &keys);
  return keys;
}

std::span<const config::SectionHelp> SettingsSections() {
  static constexpr std::array<config::SectionHelp, 5> kSections = {
      {{"", "The client as a whole."},
       {"connection", "How the coordinator is reached."},
       {"data", "The site's rows; which columns mean what."},
       {"limits", "What a task may use."},
       config::kLogSection}};
  return kSections;
}

std::filesystem::path IdentityDirectory(const Settings& settings) {
  return settings.directory / "identity";
}

Result<Settings> ReadSettings(const std::filesystem::path& file) {
  Settings settings;
  const std::filesystem::path base = file.parent_path();
  settings.directory = base / settings.directory;
  RETURN_IF_ERROR(config::ReadKeysFile(file, KeysOf(settings), SettingsSections()));
  for (std::string& model : settings.models) model = (base / model).lexically_normal().string();
  return settings;
}

}  // namespace tributary::edge
