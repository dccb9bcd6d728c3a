#pragma once
// From TOML and command-line overrides to a Config; every fault is found, not only the first.

#include <span>
#include <string>
#include <vector>

#include "coordinator/config/config.h"

namespace tributary::config {

struct ReadConfig {
  Config config;
  std::vector<Fault>
      faults;  // empty: the configuration is good as far as it can be seen without data
};

// Reads `path`, then applies overrides "section.key=value" (the value is TOML; a bare word is a
// string; relative paths are relative to the current directory), then checks what keys say
// together. Unknown keys are refused with a suggestion. An unreadable file is one fault.
ReadConfig ReadConfigFile(const std::filesystem::path& path,
                          const std::vector<std::string>& overrides);

// The same from text; `base` is what relative paths are relative to, `name` stands in messages.
ReadConfig ReadConfigText(std::string_view text, std::string_view name,
                          const std::filesystem::path& base,
                          const std::vector<std::string>& overrides);

// All faults in one error, one a line; OK if there are none.
Status AsStatus(std::span<const Fault> faults);

// A plan that came from elsewhere; faults as above.
Result<Config> ReadPlan(std::string_view text);

// What keys say together: combinations that cannot work, each naming what would.
std::vector<Fault> CrossCheck(const Config& config);

}  // namespace tributary::config
