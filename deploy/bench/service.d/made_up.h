#pragma once
// Updates that nobody has trained, as a run's plan wants them.

#include "coordinator/fold/folder.h"

namespace tributary::bench {

class MadeUp {
 public:
  // `plan` as Transfer offers it, and the base model's config.json.
  static Result<MadeUp> From(const std::string& plan, const std::filesystem::path& model_config,
                             int64_t salt);

  // A file that the coordinator accepts for the task; another one for each client, task
  // and salt.
  std::string Update(const ClientId& client, int64_t rank, const Task& task) const;

 private:
  fold::FoldPlan plan_;
  int64_t salt_ = 0;
};

}  // namespace tributary::bench
