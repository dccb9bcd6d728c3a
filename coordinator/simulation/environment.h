#pragma once
// The surroundings of a simulated run: the model, the rows, who has which of them, and what the
// plan becomes once digest and labels are known. Loading finds all faults it can, not only the
// first.

#include <map>
#include <memory>

#include "aggregation/strategy/client.h"
#include "client/data/dataset.h"
#include "client/data/partition.h"
#include "client/model/directory.h"
#include "client/task/task_runner.h"
#include "coordinator/config/read.h"
#include "coordinator/core/run_plan.h"
#include "coordinator/fold/folder.h"
#include "coordinator/simulation/engine.h"

namespace tributary::simulation {

// The designated client that holds data.test; no client of the data may be called so.
inline constexpr std::string_view kDesignated = "(public)";

struct Environment {
  config::Config config;  // effective: digest and labels are filled in
  model::Directory model;
  data::Corpus train, test, open;  // the rows' tokens; sites point into them. open: public rows
  std::string bad_rows;            // a warning about skipped rows, or empty
  std::vector<data::ClientRows> clients;  // sorted by name
  std::map<std::string, std::vector<int64_t>>
      test_rows_of;  // by client name, where test has a client column
  std::map<std::string, std::string> group_of;

  strategy::AdapterSpec adapter;
  client::TaskPlan tasks;
  fold::FoldPlan fold;
  coordinator::RunPlan plan;  // start_checkpoint still to be set
  std::string privacy_statement;

  int64_t RankOf(const std::string& client) const;
  client::SiteData Site(const std::string& client) const;  // examples point into this object
  ClientProfile ProfileOf(const std::string& client) const;
  std::vector<ClientId> Names() const;  // of all clients, the designated one included
};

struct LoadedEnvironment {
  std::unique_ptr<Environment> environment;  // null if there are faults
  std::vector<config::Fault> faults;
};

// Reads model and data on `threads` threads. Faults that the configuration has already stay first;
// model and data are looked at all the same, so that all faults come at once.
LoadedEnvironment LoadEnvironment(config::ReadConfig read, int threads);

}  // namespace tributary::simulation
