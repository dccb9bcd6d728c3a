#pragma once
// The StateStore on a disk: one SQLite file (write-ahead log, full syncs) with one opener.

#include <filesystem>
#include <memory>

#include "coordinator/store/state_store.h"

namespace tributary::store {

class SqliteStateStore : public StateStore {
 public:
  // The state as it is now, in a new file, which is not synced.
  virtual Status CopyTo(const std::filesystem::path& file) = 0;
  // Why it refuses work until it is opened anew; OK as a rule.
  virtual Status Sound() = 0;
};

// Opens or creates `file`, in a directory that exists, and verifies everything in it before
// anything is handed out. Errors, each naming the file:
//   FAILED_PRECONDITION  another opener holds it, a newer program wrote it, or it is no state
//   database DATA_LOSS            damage: the run and the record's sequence number where they are
//   known; the
//                        files are left as they were found
//   PERMISSION_DENIED, RESOURCE_EXHAUSTED, NOT_FOUND  what the system said
// Beside it lie "-wal" (SQLite's) and ".head" (the lock, and a witness of what was acknowledged).
Result<std::unique_ptr<SqliteStateStore>> OpenSqliteStore(const std::filesystem::path& file);

}  // namespace tributary::store
