// What the doctor looks at at a site.

#include "client/edge/data_pin.h"
#include "client/edge/site.h"
#include "client/trainer_module.h"
#include "coordinator/command/doctor_sides.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

void CheckModels(const edge::Settings& settings, Examination* found) {
  const std::set<std::string> held = CheckModelDirectories("models", settings.models, found);
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

}  // namespace

Status CheckClient(const std::string& file, const RemoteOptions& remote, Examination* found) {
  ASSIGN_OR_RETURN(const edge::Settings settings, edge::ReadSettings(file));
  const fs::path identity = edge::IdentityDirectory(settings);
  found->Ok("configuration", fmt::format("{}: a site's client", file));
  CheckDirectory(settings.directory, found);
  if (!settings.log.file.empty())
    CheckDirectory(fs::absolute(settings.log.file).parent_path(), found);
  CheckData(settings, found);
  CheckModels(settings, found);
  CheckTraining(settings, found);
  rpc::Endpoint endpoint{settings.coordinator, identity, remote.insecure,
                         settings.name,        "client", settings.proxy};
  if (remote.insecure) {
    endpoint.identity.clear();
  } else {
    const std::string join =
        fmt::format("tributary client join STRING --config {}, with an invitation", file);
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

}  // namespace tributary
