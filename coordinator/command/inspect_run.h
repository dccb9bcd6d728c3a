#pragma once
// What a run directory holds, from the files that are views of its journal: so a run can be looked
// at while it is under way.

#include <filesystem>
#include <nlohmann/json.hpp>

#include "aggregation/base/status.h"

namespace tributary {

Result<nlohmann::ordered_json> InspectRun(const std::filesystem::path& path);

}  // namespace tributary
