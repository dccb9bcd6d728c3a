#pragma once
// What clients keep between rounds: one file per client and round in the run directory, so that a
// round that is done again finds the parts it started from.

#include <filesystem>

#include "aggregation/tensor/tensor.h"

namespace tributary::client {

class LocalParts {
 public:
  explicit LocalParts(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // The newest parts of the client from before `round`; empty if there are none.
  Result<TensorMap> Load(const std::string& client, int64_t round) const;
  Status Save(const std::string& client, int64_t round, const TensorMap& parts) const;

 private:
  std::filesystem::path Of(const std::string& client) const;
  std::filesystem::path directory_;
};

}  // namespace tributary::client
