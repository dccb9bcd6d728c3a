#include "coordinator/store/sqlite_schema.h"

#include <array>

namespace tributary::store {
namespace {

constexpr int64_t kApplication = 0x54524942;  // "TRIB", where SQLite and file(1) look for it

// Row k leads from version k to version k + 1. Rows are added at the end and never changed: old
// databases are read for ever.
constexpr std::array kMigrations = {
    // 1: runs with their journal's length and last digest, records, newest snapshots, facts; the
    // number of committed transactions.
    R"(CREATE TABLE runs (name TEXT PRIMARY KEY, records INTEGER NOT NULL, head BLOB NOT NULL) STRICT, WITHOUT ROWID;
       CREATE TABLE records (run TEXT NOT NULL, sequence INTEGER NOT NULL, bytes BLOB NOT NULL, digest BLOB NOT NULL,
                             PRIMARY KEY (run, sequence)) STRICT, WITHOUT ROWID;
       CREATE TABLE snapshots (run TEXT PRIMARY KEY, through INTEGER NOT NULL, bytes BLOB NOT NULL,
                               digest BLOB NOT NULL) STRICT, WITHOUT ROWID;
       CREATE TABLE facts (run TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, digest BLOB NOT NULL,
                           PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID;
       CREATE TABLE commits (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
       INSERT INTO commits VALUES (1, 0);)",
};

constexpr int64_t kVersion = kMigrations.size();

}  // namespace

Status PrepareSchema(const Database& database) {
  const std::string file = database.file().string();
  RETURN_IF_ERROR(
      database.Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA cell_size_check = ON;"));
  ASSIGN_OR_RETURN(const int64_t application, database.Number("PRAGMA application_id"));
  ASSIGN_OR_RETURN(const int64_t version, database.Number("PRAGMA user_version"));
  ASSIGN_OR_RETURN(const int64_t tables, database.Number("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = tables == 0 && version == 0;
  if (application != kApplication && !fresh)
    return MakeError(Code::kFailedPrecondition, "{}: is not a state database of Tributary", file);
  if (version > kVersion)
    return MakeError(Code::kFailedPrecondition,
                     "{}: schema version {} is of a newer program; this one knows up to {}", file,
                     version, kVersion);
  if (version < 0 || (version == 0 && !fresh))
    return MakeError(Code::kDataLoss, "{}: schema version {} with {} tables", file, version,
                     tables);
  RETURN_IF_ERROR(database.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"));
  for (int64_t v = version; v < kVersion; ++v)
    RETURN_IF_ERROR(database.Execute(fmt::format(
        "BEGIN IMMEDIATE; {} PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT;",
        kMigrations[static_cast<size_t>(v)], kApplication, v + 1)));
  return {};
}

}  // namespace tributary::store
