#include "client/edge/settings.h"

#include <array>

#include "aggregation/base/units.h"
#include "coordinator/config/read.h"

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
      {"cache.models_quota", &s.models_quota, false,
       "Disk for base models that are fetched from the coordinator: those that policy.models lists "
       "and `models` does not hold."},
      {"cache.checkpoints_quota", &s.checkpoints_quota, false,
       "Disk for what checkpoints share with later ones; those that were not used for the longest "
       "time leave."},
      {"device", &s.device, false, "auto, cpu, cuda or cuda:N."},
      {"http.listen", &s.http_listen, false,
       "Address of the client's metrics, health and status, host:port, such as 127.0.0.1:7343; "
       "loopback only. When absent there are none."},
      {"http.token_file", &s.http_token_file, false,
       "File (mode 0600) whose first line is the token that every page but health then needs."},
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
      {"limits.gpu_memory", &s.gpu_memory, false,
       "Largest share of a GPU's memory that the client takes; a task that needs more fails.", 0.01,
       1},
      {"policy.models", &s.policy.models, false,
       "Digests of the base models that may be used; when absent, those in `models`."},
      {"policy.methods", &s.policy.methods, false, "Methods that may be used; when absent, any."},
      {"policy.tasks", &s.policy.tasks, false,
       "Kinds of tasks that are done (train, evaluate, ...); when absent, any."},
      {"policy.max_rank", &s.policy.max_rank, false, "Largest rank of this site's adapter; 0: any.",
       0, 4096},
      {"policy.max_steps", &s.policy.max_steps, false,
       "Most steps of one training task; 0: any number.", 0, 1e12},
      {"policy.min_cohort", &s.policy.min_cohort, false,
       "A run must not commit fewer updates together than this (its federation.minimum); 0: any.",
       0, 1e9},
      {"policy.privacy",
       &s.policy.privacy,
       false,
       "The privacy mode that a run must have; when absent, any.",
       0,
       0,
       {"", "none", "central"}},
      {"policy.hours", &s.policy.hours, false,
       "When tasks may begin, such as \"22:00-06:00\" in this machine's time or \"22:00-06:00 "
       "UTC\"; when absent, always."},
      {"policy.metrics",
       &s.policy.metrics,
       false,
       "Numbers about the site that leave it: \"per-site\" all that a plan asks for, \"sums\" no "
       "metrics with updates, but evaluations, which the coordinator adds up, \"none\" neither.",
       0,
       0,
       {"none", "sums", "per-site"}},
      {"policy.approve",
       &s.policy.approve,
       false,
       "\"ask\": a run waits until somebody at the site approves it.",
       0,
       0,
       {"auto", "ask"}},
  };
  config::AddLogKeys(s.log, &keys);
  return keys;
}

std::span<const config::SectionHelp> SettingsSections() {
  static constexpr std::array<config::SectionHelp, 8> kSections = {
      {{"", "The client as a whole."},
       {"cache", "What is kept of what was fetched."},
       {"connection", "How the coordinator is reached."},
       {"http", "What the site sees of its client: metrics, health and status."},
       {"data", "The site's rows; which columns mean what."},
       {"limits", "What a task may use."},
       {"policy", "What the site allows, whatever a coordinator asks."},
       config::kLogSection}};
  return kSections;
}

int64_t ModelsQuota(const Settings& settings) {
  return ParseSize(settings.models_quota).value_or(0);
}

int64_t CheckpointsQuota(const Settings& settings) {
  return ParseSize(settings.checkpoints_quota).value_or(0);
}

std::filesystem::path FetchedModel(const Settings& settings, const std::string& digest) {
  return settings.directory / "base-models" / digest;
}

std::filesystem::path IdentityDirectory(const Settings& settings) {
  return settings.directory / "identity";
}

Result<Settings> ReadSettings(const std::filesystem::path& file) {
  Settings settings;
  const std::filesystem::path base = file.parent_path();
  settings.directory = base / settings.directory;
  RETURN_IF_ERROR(config::ReadKeysFile(file, KeysOf(settings), SettingsSections()));
  std::vector<config::Fault> faults;
  for (const auto& [key, text] :
       {std::pair{"cache.models_quota", &settings.models_quota},
        std::pair{"cache.checkpoints_quota", &settings.checkpoints_quota}})
    if (const auto quota = ParseSize(*text); !quota)
      faults.push_back({file.string(), fmt::format("{}: {}", key, quota.error().message)});
  for (std::string& fault : Faults(settings.policy))
    faults.push_back({file.string(), std::move(fault)});
  RETURN_IF_ERROR(config::AsStatus(faults));
  for (std::string& model : settings.models) model = (base / model).lexically_normal().string();
  return settings;
}

}  // namespace tributary::edge
