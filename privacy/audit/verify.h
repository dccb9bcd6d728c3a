#pragma once
// Recomputes a chained log: a directory of segments (log.h), or one segment by itself.

#include <filesystem>

#include "privacy/audit/entry.h"

namespace tributary::audit {

struct Verified {
  int64_t segments = 0, lines = 0;
  Head before, head;       // before the first line, after the last
  int64_t torn_bytes = 0;  // of a last line that a crash cut short; it does not count
};

// DATA_LOSS names file, line and what does not fit. A directory must have every segment from the
// first on, and must not end before what its head.json says. A single file is taken to begin where
// its first line says.
Result<Verified> Verify(const std::filesystem::path& path);

// The same of the last segments alone, for who goes on writing: cheap however long the log is.
Result<Verified> VerifyTail(const std::filesystem::path& directory);

// --- the names in a directory ---

std::filesystem::path SegmentFile(const std::filesystem::path& directory, int64_t number);
std::filesystem::path HeadFile(const std::filesystem::path& directory);
std::string HeadText(const Head& head);

}  // namespace tributary::audit
