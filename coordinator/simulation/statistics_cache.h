#pragma once
// Feature statistics of the frozen model on disk, so that runs over the same rows share the work of
// their start. An entry's name is the SHA-256 of all it depends on: the program's numerics, the
// base model, and every row's ids, types and label. Any thread may call.

#include <filesystem>
#include <functional>

#include "client/task/task_runner.h"

namespace tributary::simulation {

class StatisticsCache {
 public:
  // An empty path keeps nothing. The folder is made when there is something to keep.
  StatisticsCache(std::filesystem::path folder, const Digest& base, int64_t labels);

  // What is kept for these rows, else what `compute` gives, which is then kept. An entry that
  // cannot be read is computed anew; one that cannot be written is an error.
  Result<client::TaskResult> Get(std::span<const client::Example> rows,
                                 const std::function<Result<client::TaskResult>()>& compute) const;

 private:
  std::filesystem::path PathOf(std::span<const client::Example> rows) const;

  const std::filesystem::path folder_;
  const Digest base_;
  const int64_t labels_;
};

}  // namespace tributary::simulation
