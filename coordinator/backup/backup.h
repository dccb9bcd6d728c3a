#pragma once
// Copies of a project's state, and their return. A backup is a directory:
//   backup.json    what it is, with the SHA-256 of every file
//   project/       state.db, uploads of open stages, blobs of all runs, authority, identities,
//                  audit log: as they were at one instant
// It holds the project's private keys: whoever can read it can be the coordinator.

#include <filesystem>
#include <string>

#include "coordinator/store/sqlite_store.h"

namespace tributary::backup {

namespace fs = std::filesystem;

// Puts the project as it is now into `staging`, which is made, on the same file system: links to
// files that never change, copies of the others. For who owns the store, on the thread that writes
// to it.
Status Stage(const fs::path& project, store::SqliteStateStore& states, const fs::path& staging);

struct Facts {
  std::string project, version, time;  // of the project, of the program; RFC 3339 in UTC
  int64_t incarnation = 1;
  int64_t files = 0, bytes = 0;
};

// Copies what was staged to `out`, which must not exist, durably; after an error there is no
// `out`. `staging` is removed in any case.
Result<Facts> Write(const fs::path& staging, const std::string& project, const fs::path& out);

// Reads every file. DATA_LOSS names the one that is missing, changed or too many.
Result<Facts> Check(const fs::path& backup);

struct Restored {
  Facts facts;
  int64_t incarnation = 0;  // of the restored state
  fs::path replaced;        // where the state that was there is now; empty: there was none
};

// Puts a checked backup where the project's state belongs, with a raised incarnation.
// ALREADY_EXISTS if a state is there, unless it is to be replaced; then it is moved aside.
// FAILED_PRECONDITION while a coordinator serves it, or if the backup is of another project.
Result<Restored> Restore(const fs::path& backup, const std::string& project, const fs::path& target,
                         bool replace);

// Where the running coordinator stages; what is left there by a crash is removed at its start.
fs::path StagingOf(const fs::path& project);

}  // namespace tributary::backup
