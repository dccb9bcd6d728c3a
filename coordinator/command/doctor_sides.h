#pragma once
// What `tributary doctor` looks at for each kind of configuration, in the order of its answer. An
// error where the file cannot be read; everything else is told.

#include "coordinator/command/doctor_checks.h"
#include "coordinator/command/remote.h"

namespace tributary {

Status CheckCoordinator(const std::string& file, const RemoteOptions& remote, Examination* found);
Status CheckClient(const std::string& file, const RemoteOptions& remote, Examination* found);

}  // namespace tributary
