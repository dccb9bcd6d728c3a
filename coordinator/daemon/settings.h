#pragma once
// A coordinator's configuration file.

#include "coordinator/config/log_keys.h"

namespace tributary::daemon {

struct Settings {
  std::string project = "default";
  std::filesystem::path directory = "state";
  std::string listen = "127.0.0.1:7340";
  int64_t threads = 2;
  int64_t most_runs = 8;
  std::string http_listen;  // empty: no metrics, no dashboard
  std::filesystem::path http_token_file;
  LogOptions log;
};

std::vector<config::Key> KeysOf(Settings& settings);
std::span<const config::SectionHelp> SettingsSections();

// All faults in one error, one a line.
Result<Settings> ReadSettings(const std::filesystem::path& file);

}  // namespace tributary::daemon
