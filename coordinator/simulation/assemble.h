#pragma once
// From an effective configuration and loaded surroundings to the plans of all parts.

#include "coordinator/simulation/environment.h"

namespace tributary::simulation {

// What an effective configuration says about adapters of this base model. Errors: targets that
// match nothing. Ranks are for strategy::Faults to judge.
Result<strategy::AdapterSpec> AdapterOf(const config::Config& config, const model::Directory& base);

// Fills adapter, tasks, fold, plan and privacy_statement; adds what cannot work to `faults`.
void Assemble(Environment& environment, std::vector<config::Fault>& faults);

}  // namespace tributary::simulation
