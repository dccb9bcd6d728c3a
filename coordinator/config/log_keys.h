#pragma once
// The [log] section, the same in every daemon's file.

#include "aggregation/log/log.h"
#include "coordinator/config/keys.h"

namespace tributary::config {

inline constexpr SectionHelp kLogSection = {"log", "What is told of events, and where."};

void AddLogKeys(LogOptions& options, std::vector<Key>* keys);

}  // namespace tributary::config
