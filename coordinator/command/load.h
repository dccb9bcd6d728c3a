#pragma once
// From a configuration to a loaded federation, or to the list of everything that is wrong with it.

#include "coordinator/simulation/environment.h"

namespace tributary {

// Prints all faults; an error if there are any.
Status ListFaults(std::span<const config::Fault> faults, std::string_view name);

// Prints all faults (and warnings about skipped rows) to standard error; the error then counts
// them.
Result<std::unique_ptr<simulation::Environment>> LoadOrListFaults(config::ReadConfig read,
                                                                  std::string_view name,
                                                                  int threads);

}  // namespace tributary
