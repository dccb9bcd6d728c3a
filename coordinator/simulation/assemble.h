#pragma once
// From an effective configuration and loaded surroundings to the plans of all parts.

#include "coordinator/simulation/environment.h"

namespace tributary::simulation {

// Fills adapter, tasks, fold, plan and privacy_statement; adds what cannot work to `faults`.
void Assemble(Environment& environment, std::vector<config::Fault>& faults);

}  // namespace tributary::simulation
