#pragma once
// What SQLite's write-ahead log holds, for saying what SQLite itself drops in silence.
// Format: sqlite.org/fileformat2.html, section 4.

#include <filesystem>

#include "aggregation/base/status.h"

namespace tributary::store {

// Frames in the log that carry its header's salts, whole or damaged: those of changes that were
// begun since the log was last folded into the database. 0 if there is no log.
Result<int64_t> FramesInLog(const std::filesystem::path& log);

}  // namespace tributary::store
