#pragma once
// tributary status --client

#include "deploy/command.h"

namespace tributary {

// Asks the client that runs with that configuration, through its directory, and shows what it says:
// as a document, or for people. kWorkFailed where no client answers.
Result<int> ShowClientStatus(const std::string& config, bool json);

}  // namespace tributary
