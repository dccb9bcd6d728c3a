#pragma once
// tributary client approve, decline, withdraw

#include <optional>

#include "deploy/command.h"

namespace tributary {

// Adds the three to `client`; the result runs the one that was given, if one was.
std::function<std::optional<Result<int>>()> AddConsentCommands(CommandLine client);

}  // namespace tributary
