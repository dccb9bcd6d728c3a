#include "coordinator/daemon/settings.h"

#include <array>

namespace tributary::daemon {

std::vector<config::Key> KeysOf(Settings& s) {
  std::vector<config::Key> keys = {
      {"project", &s.project, false,
       "Name of the federation that this coordinator serves; part of every certificate."},
      {"directory", &s.directory, false, "Where everything durable is kept."},
      {"listen", &s.listen, false, "Address for clients and operators, host:port."},
      {"limits.threads", &s.threads, false, "Threads that combine updates and serve transfers.", 1,
       1024},
      {"limits.runs", &s.most_runs, false, "Runs that may be under way at the same time.", 1, 1000},
      {"http.listen", &s.http_listen, false,
       "Address of metrics, health and dashboard, host:port, such as 127.0.0.1:7342; loopback "
       "only. "
       "When absent there are none."},
      {"http.token_file", &s.http_token_file, false,
       "File (mode 0600) whose first line is the token that every page but health then needs."},
  };
  config::AddLogKeys(s.log, &keys);
  return keys;
}

std::span<const config::SectionHelp> SettingsSections() {
  static constexpr std::array<config::SectionHelp, 4> kSections = {
      {{"", "The coordinator as a whole."},
       {"limits", "How much it takes on."},
       {"http", "What the operator sees: metrics, health and the dashboard."},
       config::kLogSection}};
  return kSections;
}

Result<Settings> ReadSettings(const std::filesystem::path& file) {
  Settings settings;
  settings.directory = file.parent_path() / settings.directory;
  RETURN_IF_ERROR(config::ReadKeysFile(file, KeysOf(settings), SettingsSections()));
  return settings;
}

}  // namespace tributary::daemon
