#pragma once
// Reads a PEFT adapter directory, ours or anybody's: plain LoRA, with rslora, rank_pattern,
// alpha_pattern, target_modules as a list, a regular expression or "all-linear", and whole modules
// beside it. Every scale is folded into the left factor. DoRA, other adapter types and settings
// that change the mathematics are refused by name; errors name the file and the key or tensor.

#include <filesystem>
#include <span>

#include "aggregation/adapter/peft.h"

namespace tributary::adapter {

// `linears` are the base model's linear layers: every layer of the adapter must be one of them and
// fit it. Values may be F32, BF16 or F16.
Result<PeftAdapter> ImportPeft(const std::filesystem::path& directory,
                               std::span<const Target> linears);

}  // namespace tributary::adapter
