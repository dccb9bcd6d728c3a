#pragma once
// What several commands say of a run.

#include <nlohmann/json.hpp>

namespace tributary {

void PrintStatus(const nlohmann::ordered_json& run);

// The exit code of a command that saw a run end: kDone where it is complete.
int EndingOf(const nlohmann::ordered_json& run);

}  // namespace tributary
