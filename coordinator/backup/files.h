#pragma once
// The files of a backup.

#include <filesystem>
#include <functional>
#include <map>

#include "aggregation/base/digest.h"

namespace tributary::backup {

namespace fs = std::filesystem;

struct FileFacts {
  int64_t size = 0;
  Digest digest;
  bool operator==(const FileFacts&) const = default;
};
using Files = std::map<std::string, FileFacts>;  // by the path below the directory

// Calls `take` with every regular file below `root`, as a path relative to it, in order. Symbolic
// links are an error.
Status ForEachFile(const fs::path& root, const std::function<Status(const fs::path&)>& take);

// The bytes of one file into a new one (mode 0600), durably.
Result<FileFacts> CopyFile(const fs::path& from, const fs::path& to);
Result<FileFacts> ReadFacts(const fs::path& file);

// All of them, with their directories (mode 0700); durable on OK.
Result<Files> CopyTree(const fs::path& from, const fs::path& to);
Result<Files> ReadTree(const fs::path& root);

}  // namespace tributary::backup
