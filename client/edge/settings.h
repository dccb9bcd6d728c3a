#pragma once
// An edge client's configuration file: the site's own view of where its model and rows are.

#include "client/edge/policy.h"
#include "coordinator/config/log_keys.h"

namespace tributary::edge {

struct DataSettings {
  std::filesystem::path train, public_train, test;
  std::vector<std::string> text = {"text"};
  std::string label = "label";
  std::string format;
};

struct Settings {
  std::string name;         // without TLS; else the certificate's
  std::string coordinator;  // empty: the address kept beside the identity
  std::string proxy;
  std::filesystem::path directory = "client-state";
  std::vector<std::string> models;  // directories
  std::string device = "auto";
  int64_t threads = 1;
  double gpu_memory = 1;    // share
  std::string http_listen;  // empty: nobody is told
  std::filesystem::path http_token_file;
  std::string models_quota = "20GB";      // of base models that were fetched
  std::string checkpoints_quota = "4GB";  // of checkpoints' tensors
  DataSettings data;
  Policy policy;
  LogOptions log;
};

std::vector<config::Key> KeysOf(Settings& settings);
std::span<const config::SectionHelp> SettingsSections();

// Bytes; of settings that were read.
int64_t ModelsQuota(const Settings& settings);
int64_t CheckpointsQuota(const Settings& settings);
// Where a base model is that was fetched; it may not be there.
std::filesystem::path FetchedModel(const Settings& settings, const std::string& digest);

// Where the site's identity is (privacy/crypto/credentials.h).
std::filesystem::path IdentityDirectory(const Settings& settings);

// All faults in one error, one a line. Relative paths are relative to the file.
Result<Settings> ReadSettings(const std::filesystem::path& file);

}  // namespace tributary::edge
