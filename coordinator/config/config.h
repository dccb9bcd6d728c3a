#pragma once
// What a run is: the plan, which is the same for simulation and deployment and is hashed as the
// plan digest, and the environment, which only a simulation has. Plain data; keys.h says what each
// key is called, means and may be.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aggregation/base/digest.h"
#include "aggregation/base/ids.h"

namespace tributary::config {

struct CohortSize {  // a number of clients, or all of them
  std::optional<int64_t> clients;
  bool operator==(const CohortSize&) const = default;
};

struct ModelPart {
  std::string name;    // Hub id, written into exported adapters
  std::string digest;  // filled in when absent
  std::string task = "sequence-classification";
  std::vector<std::string> labels;  // filled in when absent
};

struct AdapterPart {
  std::string method = "flora";
  int64_t rank = 8;
  std::map<std::string, int64_t> ranks;  // by client group
  double scale = 2;
  std::vector<std::string> targets = {"query", "value"};
  double dropout = 0;
  std::string start;
  double start_step = 1e-5;
  double fair_lambda = 0.01;
  std::string fair_solver = "closed-form";
  std::string hetlora_weighting = "norm";
};

struct TrainingPart {
  std::string optimizer = "adamw";
  double learning_rate = 1e-3;
  double weight_decay = 0;
  double momentum = 0.9;
  double gradient_clip = 1;
  std::string schedule = "constant";
  std::string schedule_over = "round";
  double warmup = 0;
  int64_t batch_size = 16;
  double epochs = 1;
  int64_t max_steps = 0;
  int64_t max_length = 128;
  bool model_dropout = false;
  int64_t shards = 1;
  std::string label_calibration = "none";
  bool freeze_head = false;
};

struct FederationPart {
  int64_t rounds = 10;
  CohortSize cohort;
  double over_selection = 1;
  int64_t minimum = 1;
  Duration deadline = std::chrono::minutes(30);
  std::string sampling = "uniform";
  std::string weighting = "rows";
  int64_t max_weight = 10'000;
  std::string server_optimizer = "none";
  double server_learning_rate = 1;
  std::string head_start = "random";
  double head_ridge = 0.001;
  double head_scale = 10;
};

struct EvaluationPart {
  std::string on = "test";
  double holdout = 0.1;
  int64_t every = 1;
  std::string keep = "last";
  int64_t stop = 0;
};

struct PrivacyPart {
  std::string mode = "none";
  double clip_norm = 0;
  double delta = 0;
  double noise_multiplier = 0;
  double target_epsilon = 0;
  std::string noise = "secure";
};

struct DataPart {
  std::filesystem::path train, test, public_rows;
  std::filesystem::path statistics_cache;  // empty: none
  std::vector<std::string> text = {"text"};
  std::string label = "label";
  std::string client = "client";
  std::string format;
  std::string partition = "by-client";
  int64_t clients = 0;
  double alpha = 0;
};

struct ClientGroup {  // one [[clients]] table
  std::string group;
  double share = 1;       // of the clients, relative to the other groups' shares
  double speed = 1;       // relative to a plain client
  int64_t bandwidth = 0;  // bytes per second, either way; 0: not limited
  double dropout = 0;     // probability to vanish during a task
  bool operator==(const ClientGroup&) const = default;
};

struct NetworkPart {  // between simulated clients and the coordinator
  Duration delay = std::chrono::milliseconds(20);
  Duration jitter{0};
  double loss = 0, duplication = 0;  // probabilities
  Duration parted_every{0};          // 0: never
  Duration parted_for = std::chrono::seconds(30);
};

struct Config {
  int64_t format = 1;
  uint64_t seed = 0;
  std::optional<uint64_t> partition_seed, cohort_seed, init_seed, training_seed;
  ModelPart model;
  AdapterPart adapter;
  TrainingPart training;
  FederationPart federation;
  EvaluationPart evaluation;
  PrivacyPart privacy;

  std::filesystem::path model_path;  // environment
  DataPart data;
  std::vector<ClientGroup> clients;
  NetworkPart network;
  int64_t keep_rounds = 3;

  uint64_t PartitionSeed() const { return partition_seed.value_or(seed); }
  uint64_t CohortSeed() const { return cohort_seed.value_or(seed); }
  uint64_t InitSeed() const { return init_seed.value_or(seed); }
  uint64_t TrainingSeed() const { return training_seed.value_or(seed); }
};

// One thing that is wrong with a configuration.
struct Fault {
  std::string where;  // "federation.toml:12", "--set", or empty
  std::string message;
  std::string Text() const { return where.empty() ? message : where + ": " + message; }
};

}  // namespace tributary::config
