#pragma once
// From a configuration to what the machines go by: the adapter, the clients' tasks, the
// coordinator's decisions, the fold. The same for a simulation, a coordinator and an edge client,
// which is why their results agree. Reads nothing but its arguments; of the base model it needs
// config.json only.

#include "client/model/family.h"
#include "client/task/task_runner.h"
#include "coordinator/config/read.h"
#include "coordinator/core/run_plan.h"
#include "coordinator/fold/folder.h"

namespace tributary::plan {

struct BaseModel {
  const model::Family* family = nullptr;
  model::Config config;
};
// From config.json's text; `name` stands in messages.
Result<BaseModel> ReadBaseModel(std::string_view config_json, std::string_view name);

Result<strategy::AdapterSpec> AdapterOf(const config::Config& config, const BaseModel& base);
client::TaskPlan TasksOf(const config::Config& config, strategy::AdapterSpec adapter);

// What is known of a federation before it starts.
struct Surroundings {
  int64_t population = 0;              // clients, without the designated one
  std::optional<ClientId> designated;  // holds public rows
  bool has_public_test = false;        // to evaluate on
  bool has_public_train = false;       // for adapter.start = "public-gradient"
};

struct Assembled {
  strategy::AdapterSpec adapter;
  client::TaskPlan tasks;
  fold::FoldPlan fold;       // rank_of still to be set
  coordinator::RunPlan run;  // start_checkpoint still to be set
  std::string privacy_statement;
};
// Adds what is wrong to `faults`; the result is of use only if there was nothing.
Assembled Assemble(const config::Config& config, const BaseModel& base, const Surroundings& around,
                   std::vector<config::Fault>& faults);

// The state that round 0 starts from, made from seeds (and the base model's weights by module where
// the adapter's start needs them). Equal inputs give equal bytes.
Result<Digest> PutStart(fold::Folder& folder, const config::Config& config,
                        const TensorViewMap& weights);

}  // namespace tributary::plan
