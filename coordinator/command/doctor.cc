// tributary doctor

#include <cstdio>
#include <set>

#include "aggregation/base/file.h"
#include "client/edge/data_pin.h"
#include "client/edge/site.h"
#include "client/model/directory.h"
#include "client/trainer_module.h"
#include "coordinator/command/doctor_checks.h"
#include "coordinator/command/remote.h"
#include "coordinator/config/read.h"
#include "coordinator/daemon/settings.h"
#include "coordinator/identity/authority.h"
#include "deploy/commands.h"
#include "proto/http/server.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

struct Options {
  RemoteOptions remote;
  std::string file;
};

// --- whose configuration it is ---

enum class Kind { kCoordinator, kClient, kRun };
constexpr std::string_view kKinds[] = {"coordinator", "client", "run"};

// The one whose keys the file fits best.
Result<Kind> KindOf(const std::string& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, size_t{1} << 20));
  daemon::Settings coordinator;
  edge::Settings client;
  config::Config run;
  std::vector<config::ClientGroup> groups;
  const auto base = fs::path(file).parent_path();
  ASSIGN_OR_RETURN(
      const auto as_coordinator,
      config::ReadKeys(text, file, base, daemon::KeysOf(coordinator), daemon::SettingsSections()));
  ASSIGN_OR_RETURN(const auto as_client, config::ReadKeys(text, file, base, edge::KeysOf(client),
                                                          edge::SettingsSections()));
  ASSIGN_OR_RETURN(const auto as_run, config::ReadKeys(text, file, base, config::Keys(run),
                                                       config::Sections(), &groups));
  if (as_run.size() < std::min(as_coordinator.size(), as_client.size())) return Kind::kRun;
  return as_client.size() < as_coordinator.size() ? Kind::kClient : Kind::kCoordinator;
}

// --- certificates ---

// A directory of privacy/crypto/credentials.h. `how` says how one comes to it anew.
void CheckIdentity(const std::string& whose, const fs::path& directory, privacy::Purpose purpose,
                   const std::string& project, const std::string& how, Examination* found) {
  if (!privacy::HasCredentials(directory))
    return found->Fault("certificate", fmt::format("{}: none in {}", whose, directory.string()),
                        how);
  CheckKeys(directory, found);
  const auto own = privacy::OpenCredentials(directory, purpose, project, rpc::UnixNow());
  if (own) return CheckLife(whose, own->leaf, how, found);
  if (own.error().code != Code::kFailedPrecondition)  // those were told with the keys
    found->Fault("certificate", fmt::format("{}: {}", whose, own.error().message), how);
}

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

// Digests of the base models in these directories.
std::set<std::string> CheckDirectories(std::string_view key, const std::vector<std::string>& paths,
                                       Examination* found) {
  std::set<std::string> digests;
  for (const std::string& path : paths) {
    const auto model = model::OpenDirectory(path);
    if (!model) {
      found->Fault("model", model.error().message, fmt::format("correct `{}`", key));
      continue;
    }
    const std::string digest = model->digest.Hex();
    found->Ok("model", fmt::format("{}: digest {}", path, digest));
    digests.insert(digest);
  }
  return digests;
}

// --- a coordinator ---

void CheckPorts(const daemon::Settings& settings, const Options& options, Examination* found) {
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
                             options.remote.insecure, "operator", "admin"};
      if (options.remote.insecure) endpoint.identity.clear();
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

Status CheckCoordinator(const Options& options, Examination* found) {
  ASSIGN_OR_RETURN(const daemon::Settings settings, daemon::ReadSettings(options.file));
  found->Ok("configuration",
            fmt::format("{}: a coordinator of project {}", options.file, settings.project));
  CheckDirectory(daemon::ProjectDirectory(settings), found);
  if (!settings.log.file.empty())
    CheckDirectory(fs::absolute(settings.log.file).parent_path(), found);
  if (!settings.http_token_file.empty())
    if (const auto token = http::ReadToken(settings.http_token_file); !token)
      found->Fault("keys", token.error().message,
                   fmt::format("chmod 600 {}", settings.http_token_file.string()));
  if (!options.remote.insecure && CheckAuthority(settings, options.file, found)) {
    const std::string init = fmt::format("tributary certs init {}", options.file);
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
  CheckDirectories("models.offered", settings.offered_models, found);
  CheckPorts(settings, options, found);
  CheckLimits(found);
  return {};
}

// --- a client ---

void CheckModels(const edge::Settings& settings, Examination* found) {
  const std::set<std::string> held = CheckDirectories("models", settings.models, found);
  const std::vector<std::string>& allowed = settings.policy.models;
  if (allowed.empty() && held.empty())
    found->Fault("model", "`models` holds none, and policy.models names none to be fetched",
                 "every run would be declined");
  for (const std::string& digest : allowed) {
    if (held.contains(digest)) continue;
    if (edge::FindModel(settings, digest))
      found->Ok("model", digest + ": was fetched from the coordinator");
    else
      found->Warn("model",
                  fmt::format("policy.models lists {}, which `models` does not hold", digest),
                  "it is fetched where the coordinator offers it ([models] offered)");
  }
}

void CheckData(const edge::Settings& settings, Examination* found) {
  edge::DataSettings one;
  const std::pair<const char*, fs::path edge::DataSettings::*> files[] = {
      {"data.train", &edge::DataSettings::train},
      {"data.public", &edge::DataSettings::public_train},
      {"data.test", &edge::DataSettings::test}};
  for (const auto& [key, path] : files) {
    if ((settings.data.*path).empty()) continue;
    one = {};
    one.*path = settings.data.*path;
    const auto digests = edge::DataFiles(one).Digests();
    if (digests)
      found->Ok("data",
                fmt::format("{}: {}, SHA-256 {}", key, (one.*path).string(), digests->at(key)));
    else
      found->Fault("data", fmt::format("{}: {}", key, digests.error().message),
                   "correct the path, or the file's permissions");
  }
  if (settings.data.train.empty() && settings.data.test.empty())
    found->Warn("data", "neither data.train nor data.test is named",
                "the site has nothing to train on or evaluate with");
}

void CheckTraining(const edge::Settings& settings, Examination* found) {
  const auto trainer = client::OpenTrainer();
  if (!trainer)
    return found->Fault("training", trainer.error().message, "runs cannot be trained here");
  std::error_code error;
  const bool has_gpu = fs::exists("/dev/nvidia0", error);
  const std::string gpu = has_gpu ? "a GPU is visible" : "no GPU is visible";
  const std::string text =
      fmt::format("{}; device = \"{}\", {}", (*trainer)->description(), settings.device, gpu);
  if (settings.device.starts_with("cuda") && !settings.models.empty()) {
    const auto model =
        (*trainer)->Load({settings.models.front(), "sequence-classification", 2, settings.device});
    if (!model)
      return found->Fault("training", text + ": " + model.error().message,
                          "device = \"auto\" takes what there is");
  } else if (has_gpu && settings.device == "cpu") {
    return found->Warn("training", text, "device = \"auto\" would use it");
  }
  found->Ok("training", text);
}

Status CheckClient(const Options& options, Examination* found) {
  ASSIGN_OR_RETURN(const edge::Settings settings, edge::ReadSettings(options.file));
  const fs::path identity = edge::IdentityDirectory(settings);
  found->Ok("configuration", fmt::format("{}: a site's client", options.file));
  CheckDirectory(settings.directory, found);
  if (!settings.log.file.empty())
    CheckDirectory(fs::absolute(settings.log.file).parent_path(), found);
  CheckData(settings, found);
  CheckModels(settings, found);
  CheckTraining(settings, found);
  rpc::Endpoint endpoint{settings.coordinator, identity, options.remote.insecure,
                         settings.name,        "client", settings.proxy};
  if (options.remote.insecure) {
    endpoint.identity.clear();
  } else {
    const std::string join =
        fmt::format("tributary client join STRING --config {}, with an invitation", options.file);
    CheckIdentity("the site's", identity, privacy::Purpose::kClient, "", join, found);
    if (!privacy::HasCredentials(identity)) return {};
    if (endpoint.address.empty()) endpoint.address = privacy::CoordinatorOf(identity);
  }
  if (endpoint.address.empty())
    found->Fault("coordinator", "its address is not known", "set `coordinator`, host:port");
  else
    CheckCoordinatorAnswers(endpoint, found);
  return {};
}

// --- without a configuration: an operator ---

Status CheckOperator(const Options& options, Examination* found) {
  ASSIGN_OR_RETURN(const rpc::Endpoint endpoint, EndpointOf(options.remote));
  if (!endpoint.insecure)
    CheckIdentity("yours", endpoint.identity, privacy::Purpose::kClient, "",
                  "tributary certs renew, or join with another invitation", found);
  CheckCoordinatorAnswers(endpoint, found);
  return {};
}

Result<int> Run(const Options& options) {
  Examination found;
  CheckVersions(&found);
  std::string_view kind = "operator";
  Status status;
  if (options.file.empty()) {
    status = CheckOperator(options, &found);
  } else if (const auto recognised = KindOf(options.file); !recognised) {
    kind = "unknown", status = tl::unexpected(recognised.error());
  } else {
    kind = kKinds[static_cast<size_t>(*recognised)];
    if (*recognised == Kind::kRun)
      return InvalidArgument("{}: is a run's configuration; `tributary check {}` looks at it",
                             options.file, options.file);
    status = *recognised == Kind::kClient ? CheckClient(options, &found)
                                          : CheckCoordinator(options, &found);
  }
  if (!status)
    found.Fault(options.file.empty() ? "connection" : "configuration", status.error().message,
                options.file.empty() ? "or name a configuration" : "correct it, and ask again");
  if (options.remote.json)
    fmt::print("{}\n", found.AsJson(kind));
  else
    fmt::print("{}", found.AsText());
  return found.Count(Finding::kFault) > 0 ? kWorkFailed : kDone;
}

}  // namespace

CommandBody AddDoctor(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("CONFIG", options->file,
                 "A coordinator's or a client's configuration; without it your own connection is "
                 "looked at");
  AddRemoteOptions(app, &options->remote);
  app.footer(
      "Looks at configuration, directories and room on their disks, keys and their modes, "
      "certificates and their age, ports, the coordinator and its clock, models, rows, training "
      "and limits; one line each: ok, warning or fault, what was found, what to do. Run it as the "
      "user that runs the daemon. Changes nothing, and disturbs no daemon that runs. Exit code 1 "
      "where there is a fault.\nExamples:\n  tributary doctor coordinator.toml\n"
      "  tributary doctor client.toml --format json\n  tributary doctor --connection hospitals");
  return [options] { return Run(*options); };
}

}  // namespace tributary
