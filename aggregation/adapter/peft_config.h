#pragma once
// The part of adapter_config.json that decides what the tensors beside it mean.

#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary::adapter {

class PeftConfig {
 public:
  struct Pattern {  // of rank_pattern and alpha_pattern: the first that matches a module counts
    std::regex regex;
    double value = 0;
  };

  // The JSON text; errors name the key.
  static Result<PeftConfig> Parse(std::string_view text);

  bool Targets(std::string_view module) const;  // named by target_modules
  // True if every targeted layer must have tensors (nothing narrows the targets further).
  bool complete() const { return complete_; }
  bool Saves(std::string_view tensor) const;  // part of a whole module beside the adapter
  int64_t Rank(std::string_view module) const;
  double Scale(std::string_view module) const;  // alpha / r, or alpha / sqrt(r)

 private:
  std::vector<std::string> targets_;
  std::optional<std::regex> target_regex_;
  bool all_linear_ = false;
  bool complete_ = true;
  bool rslora_ = false;
  std::vector<std::string> saved_;
  double rank_ = 8, alpha_ = 8;
  std::vector<Pattern> ranks_, alphas_;
};

}  // namespace tributary::adapter
