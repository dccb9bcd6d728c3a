#pragma once
// Files as whole values. Every error names the path and what the system said.

#include <filesystem>
#include <string>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary {

// The whole content. A missing file, a directory or an unreadable file is an error that says which.
Result<std::string> ReadFile(const std::filesystem::path& path);

// Writes beside the target, syncs, then renames over it: a reader sees the old or the new content,
// never a part. A full disk leaves the old content in place.
Status WriteFile(const std::filesystem::path& path, std::string_view content);

// Makes the directory and its parents.
Status MakeDirectories(const std::filesystem::path& path);

}  // namespace tributary
