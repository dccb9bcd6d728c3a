#pragma once
// tributary client join, request, install: how a site, or an operator, gets a certificate.

#include <optional>

#include "deploy/command.h"

namespace tributary {

// Declares the three below `client`; nothing where none of them was asked for.
std::function<std::optional<Result<int>>()> AddJoining(CommandLine client);

}  // namespace tributary
