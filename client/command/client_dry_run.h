#pragma once
// tributary client CONFIG --dry-run --plan FEDERATION

#include "client/edge/settings.h"
#include "deploy/command.h"

namespace tributary {

// Prints what a run of the plan would send from the site.
Result<int> DryRunClient(edge::Settings settings, const std::string& plan);

}  // namespace tributary
