// What the doctor looks at at a coordinator's.

#include "aggregation/base/file.h"
#include "coordinator/command/doctor_sides.h"
#include "coordinator/daemon/settings.h"
#include "coordinator/identity/authority.h"
#include "proto/http/server.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

// False where there is none.
bool CheckAuthority(const daemon::Settings& settings, const std::string& file, Examination* found) {
  const fs::path directory = daemon::AuthorityDirectory(settings);
  const std::string init = fmt::format("tributary certs init {}", file);
  std::error_code error;
  if (!fs::exists(directory, error))
    return found->Fault("authority", directory.string() + ": is not there", init), false;
  CheckKeys(directory, found);
  const auto issuer = identity::Issuer::Open(directory, settings.project);
  if (!issuer) return found->Fault("authority", issuer.error().message, init), true;
  CheckLife("issuing authority", issuer->certificate(), init + ", with root.key", found,
            30 * privacy::kDay);
  if (fs::exists(directory / "root.key", error))
    found->Warn("authority", (directory / "root.key").string() + ": is on this machine",
                "take it to a safe place; it is needed once a year");
  return true;
}

void CheckPorts(const daemon::Settings& settings, const RemoteOptions& remote, Examination* found) {
  bool is_running = false;
  const std::pair<const char*, const std::string*> ports[] = {
      {"listen", &settings.listen},
      {"enrolment.listen", &settings.enrolment_listen},
      {"http.listen", &settings.http_listen}};
  for (const auto& [key, address] : ports) {
    if (address->empty()) continue;
    const Port port = TryToListen(key, *address, found);
    const std::string text = fmt::format("{} = \"{}\"", key, *address);
    if (port == Port::kFree) found->Ok("port", text + ": free");
    if (port != Port::kTaken) continue;
    if (address == &settings.listen) {
      rpc::Endpoint endpoint{FromHere(settings.listen), daemon::AdminDirectory(settings),
                             remote.insecure, "operator", "admin"};
      if (remote.insecure) endpoint.identity.clear();
      Examination asked;
      is_running = CheckCoordinatorAnswers(endpoint, &asked) == settings.project;
      if (is_running)
        for (const Finding& finding : asked.findings()) found->Take(finding);
    }
    if (is_running)
      found->Ok("port", text + ": in use, while the coordinator runs");
    else
      found->Fault("port", text + ": in use, and not by this project's coordinator",
                   "see by whom (ss -ltnp), or choose another port");
  }
}

}  // namespace

Status CheckCoordinator(const std::string& file, const RemoteOptions& remote, Examination* found) {
  ASSIGN_OR_RETURN(const daemon::Settings settings, daemon::ReadSettings(file));
  found->Ok("configuration",
            fmt::format("{}: a coordinator of project {}", file, settings.project));
  CheckDirectory(daemon::ProjectDirectory(settings), found);
  if (!settings.log.file.empty())
    CheckDirectory(fs::absolute(settings.log.file).parent_path(), found);
  if (!settings.http_token_file.empty())
    if (const auto token = http::ReadToken(settings.http_token_file); !token)
      found->Fault("keys", token.error().message,
                   fmt::format("chmod 600 {}", settings.http_token_file.string()));
  if (!remote.insecure && CheckAuthority(settings, file, found)) {
    const std::string init = fmt::format("tributary certs init {}", file);
    CheckIdentity("the coordinator's", daemon::IdentityDirectory(settings),
                  privacy::Purpose::kServer, settings.project,
                  "it renews its own when it runs; or " + init, found);
    if (privacy::HasCredentials(daemon::AdminDirectory(settings)))
      CheckIdentity("the administrator's", daemon::AdminDirectory(settings),
                    privacy::Purpose::kClient, settings.project,
                    fmt::format("tributary certs renew --identity {}",
                                daemon::AdminDirectory(settings).string()),
                    found);
  }
  CheckModelDirectories("models.offered", settings.offered_models, found);
  CheckPorts(settings, remote, found);
  CheckLimits(found);
  return {};
}

}  // namespace tributary
