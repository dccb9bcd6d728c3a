#pragma once
// One value of a configuration, from TOML into its key's slot.

#include "coordinator/config/keys.h"
#include "coordinator/config/toml.h"

namespace tributary::config {

// What is wrong with it, naming the key, what was found and what is expected; "" when the slot has
// it. `base` is what relative paths are relative to.
std::string ReadValue(const Key& key, const toml::node& node, const std::filesystem::path& base);

}  // namespace tributary::config
