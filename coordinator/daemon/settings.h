#pragma once
// A coordinator's configuration file.

#include "coordinator/config/log_keys.h"
#include "coordinator/daemon/limits.h"
#include "coordinator/daemon/retention.h"

namespace tributary::daemon {

struct Settings {
  std::string project = "default";
  std::filesystem::path directory = "state";
  std::string listen = "127.0.0.1:7340";
  std::string address;  // empty: `listen`
  std::string enrolment_listen = "127.0.0.1:7341";
  std::string enrolment_address;   // empty: `enrolment_listen`
  std::vector<std::string> hosts;  // names and addresses in the coordinator's certificate
  Limits limits;
  std::string http_listen;  // empty: no metrics, no dashboard
  std::filesystem::path http_token_file;
  std::vector<std::string> offered_models;  // directories
  Retention retention;
  LogOptions log;
};

std::vector<config::Key> KeysOf(Settings& settings);
std::span<const config::SectionHelp> SettingsSections();

// What the coordinator's certificate names: `hosts`, what the addresses say, this machine.
std::vector<std::string> HostsOf(const Settings& settings);

// Where the parts of a project are, below `directory`.
std::filesystem::path ProjectDirectory(const Settings& settings);
std::filesystem::path AuthorityDirectory(const Settings& settings);
std::filesystem::path IdentityDirectory(const Settings& settings);  // the coordinator's own
std::filesystem::path AdminDirectory(const Settings& settings);     // the first administrator's
std::filesystem::path AuditDirectory(const Settings& settings);     // the audit log

// All faults in one error, one a line.
Result<Settings> ReadSettings(const std::filesystem::path& file);

}  // namespace tributary::daemon
