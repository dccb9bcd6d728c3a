#include "coordinator/daemon/settings.h"

#include <array>
#include <set>

#include "aggregation/base/name.h"
#include "privacy/crypto/host.h"

namespace tributary::daemon {

std::vector<config::Key> KeysOf(Settings& s) {
  std::vector<config::Key> keys = {
      {"project", &s.project, false,
       "Name of the federation that this coordinator serves; part of every certificate."},
      {"directory", &s.directory, false, "Where everything durable is kept."},
      {"listen", &s.listen, false, "Address for clients and operators, host:port."},
      {"address", &s.address, false,
       "The same address as clients reach it, where that is another one."},
      {"hosts", &s.hosts, false,
       "Names and addresses in the coordinator's certificate, for callers that compare them."},
      {"enrolment.listen", &s.enrolment_listen, false,
       "Address on which sites join the project, host:port."},
      {"enrolment.address", &s.enrolment_address, false,
       "The same address as sites reach it; join strings name it."},
      {"http.listen", &s.http_listen, false,
       "Address of metrics, health and dashboard, host:port, such as 127.0.0.1:7342; loopback "
       "only. "
       "When absent there are none."},
      {"http.token_file", &s.http_token_file, false,
       "File (mode 0600) whose first line is the token that every page but health then needs."},
  };
  keys.push_back({"models.offered", &s.offered_models, false,
                  "Directories of base models that sites may fetch which do not have them."});
  AddLimitKeys(s.limits, &keys);
  keys.push_back(
      {"retention.updates",
       &s.retention.updates,
       false,
       "Clients' updates that are kept once their stage is over: none, those of the last "
       "round, or all. `tributary verify` makes again what they were combined to.",
       0,
       0,
       {"none", "last", "all"}});
  keys.push_back({"retention.states",
                  &s.retention.states,
                  false,
                  "Published adapters that are kept: the last with the best, or every round's.",
                  0,
                  0,
                  {"last", "all"}});
  config::AddLogKeys(s.log, &keys);
  return keys;
}

std::span<const config::SectionHelp> SettingsSections() {
  static constexpr std::array<config::SectionHelp, 7> kSections = {
      {{"", "The coordinator as a whole."},
       {"enrolment", "The port for those who have no certificate yet."},
       {"http", "What the operator sees: metrics, health and the dashboard."},
       {"models", "Base models for sites that do not have them."},
       {"limits", "How much it takes on, and what others may cost it."},
       {"retention", "What is kept of runs."},
       config::kLogSection}};
  return kSections;
}

std::vector<std::string> HostsOf(const Settings& settings) {
  std::set<std::string> hosts(settings.hosts.begin(), settings.hosts.end());
  hosts.insert({"localhost", "127.0.0.1", "::1"});
  for (const std::string& address : {settings.address, settings.enrolment_address}) {
    std::string host = address.substr(0, address.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (privacy::IsIpAddress(host) || privacy::IsHostName(host)) hosts.insert(host);
  }
  return {hosts.begin(), hosts.end()};
}

std::filesystem::path ProjectDirectory(const Settings& settings) {
  return settings.directory / settings.project;
}
std::filesystem::path AuthorityDirectory(const Settings& settings) {
  return ProjectDirectory(settings) / "authority";
}
std::filesystem::path IdentityDirectory(const Settings& settings) {
  return ProjectDirectory(settings) / "identity";
}
std::filesystem::path AdminDirectory(const Settings& settings) {
  return ProjectDirectory(settings) / "admin";
}

std::filesystem::path AuditDirectory(const Settings& settings) {
  return ProjectDirectory(settings) / "audit";
}

Result<Settings> ReadSettings(const std::filesystem::path& file) {
  Settings settings;
  settings.directory = file.parent_path() / settings.directory;
  RETURN_IF_ERROR(config::ReadKeysFile(file, KeysOf(settings), SettingsSections()));
  RETURN_IF_ERROR(CheckName("project", settings.project));
  if (Status good = CheckLimits(settings.limits); !good)
    return Annotate(good.error(), file.string());
  for (std::string& model : settings.offered_models)
    model = (file.parent_path() / model).lexically_normal().string();
  if (settings.address.empty()) settings.address = settings.listen;
  if (settings.enrolment_address.empty()) settings.enrolment_address = settings.enrolment_listen;
  return settings;
}

}  // namespace tributary::daemon
