#pragma once
// Names of projects, clients, roles and runs.

#include "aggregation/base/status.h"

namespace tributary {

// Letters, digits, '.', '_' and '-', 1 to 64 of them, no '.' in front: safe as a file name, in a
// log line and in a URI.
bool IsName(std::string_view text);
Status CheckName(std::string_view what, std::string_view name);  // INVALID_ARGUMENT

}  // namespace tributary
