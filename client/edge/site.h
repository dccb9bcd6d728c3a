#pragma once
// The site's model and rows under a plan: found, checked and tokenised once per plan, then kept.
// One thread.

#include "client/data/dataset.h"
#include "client/edge/settings.h"
#include "client/task/task_runner.h"
#include "client/task/text_model.h"
#include "coordinator/config/config.h"

namespace tributary::edge {

struct Site {
  config::Config config;  // the plan
  client::TaskPlan tasks;
  std::shared_ptr<const client::Model> model;
  data::Corpus rows, public_rows, test_rows;
  std::vector<int64_t> train, held_out;  // of `rows`

  // Examples point into this object.
  client::SiteData DataFor(const std::string& name, int64_t rank, TaskKind kind) const;
};

// The base model that a plan names, of the directories in `models` and of those that were fetched.
// FAILED_PRECONDITION says what they hold instead.
Result<client::TextModel> FindModel(const Settings& settings, const std::string& digest);

// FAILED_PRECONDITION: no directory holds the model; labels that the plan does not have, with both
// lists. Others as they come, naming file and line.
Result<std::unique_ptr<Site>> LoadSite(const Settings& settings, const std::string& name,
                                       const config::Config& plan);

}  // namespace tributary::edge
