#pragma once
// A project as it is at this instant, for commands on the coordinator's machine.

#include "coordinator/daemon/settings.h"

namespace tributary {

// Asks the coordinator that runs, or does it here where none does. The directory is the caller's to
// remove; nobody else writes to it. NOT_FOUND where there is no state.
Result<std::filesystem::path> StageProject(const daemon::Settings& settings, bool insecure);

}  // namespace tributary
