#include "coordinator/store/journal.h"

#include <cstring>

namespace tributary::store {
namespace {

std::string_view View(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

tl::unexpected<Error> Damaged(const Database& database, std::string_view run,
                              std::string_view what) {
  return MakeError(Code::kDataLoss, "{}: run \"{}\", {}", database.file().string(), run, what);
}

Result<RunHeads> ReadHeads(const Database& database) {
  RunHeads heads;
  ASSIGN_OR_RETURN(Statement statement,
                   database.Prepare("SELECT name, records, head FROM runs ORDER BY name"));
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return heads;
    const std::string name(statement.Bytes(0));
    const std::string_view digest = statement.Bytes(2);
    RunHead head{statement.Int(1), {}};
    if (digest.size() != head.digest.bytes.size())
      return Damaged(database, name, "its head is no digest");
    std::memcpy(head.digest.bytes.data(), digest.data(), digest.size());
    heads.emplace(name, head);
  }
}

struct StoredSnapshot {
  bool exists = false;
  int64_t through = 0;
  std::string bytes, digest;
};

Result<StoredSnapshot> ReadSnapshot(const Database& database, const std::string& run) {
  ASSIGN_OR_RETURN(Statement statement,
                   database.Prepare("SELECT through, bytes, digest FROM snapshots WHERE run = ?"));
  statement.BindText(1, run);
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return StoredSnapshot{};
  return StoredSnapshot{true, statement.Int(0), std::string(statement.Bytes(1)),
                        std::string(statement.Bytes(2))};
}

Status VerifyRun(const Database& database, const std::string& run, const RunHead& head) {
  ASSIGN_OR_RETURN(const StoredSnapshot snapshot, ReadSnapshot(database, run));
  Digest at = ChainStart(run);
  RETURN_IF_ERROR(WalkJournal(database, run, head,
                              [&](int64_t sequence, const Digest& digest, std::string_view) {
                                if (sequence <= snapshot.through) at = digest;
                              }));
  if (!snapshot.exists) return {};
  if (snapshot.through < 0 || snapshot.through > head.records ||
      snapshot.digest != View(SnapshotDigest(at, snapshot.through, snapshot.bytes)))
    return Damaged(
        database, run,
        fmt::format("snapshot at record {}: does not match its digest", snapshot.through));
  return {};
}

Status VerifyFacts(const Database& database) {
  ASSIGN_OR_RETURN(Statement statement,
                   database.Prepare("SELECT run, key, value, digest FROM facts"));
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return {};
    const std::string run(statement.Bytes(0)), key(statement.Bytes(1));
    if (statement.Bytes(3) != View(FactDigest(run, key, statement.Bytes(2))))
      return Damaged(database, run, fmt::format("fact \"{}\": does not match its digest", key));
  }
}

Status VerifyNoStrays(const Database& database) {
  ASSIGN_OR_RETURN(Statement statement,
                   database.Prepare("SELECT run FROM (SELECT run FROM records UNION SELECT run "
                                    "FROM snapshots UNION SELECT run FROM facts) "
                                    "WHERE run NOT IN (SELECT name FROM runs) LIMIT 1"));
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (row)
    return Damaged(database, statement.Bytes(0), "has content but is not in the table of runs");
  return {};
}

Status VerifyStructure(const Database& database) {
  ASSIGN_OR_RETURN(Statement statement, database.Prepare("PRAGMA integrity_check(1)"));
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  const std::string_view found = row ? statement.Bytes(0) : "no answer";
  if (found != "ok")
    return MakeError(Code::kDataLoss, "{}: is damaged: {}", database.file().string(), found);
  return {};
}

}  // namespace

Status WalkJournal(const Database& database, const std::string& run, const RunHead& head,
                   const std::function<void(int64_t, const Digest&, std::string_view)>& visit) {
  ASSIGN_OR_RETURN(
      Statement statement,
      database.Prepare(
          "SELECT sequence, bytes, digest FROM records WHERE run = ? ORDER BY sequence"));
  statement.BindText(1, run);
  Digest digest = ChainStart(run);
  for (int64_t expected = 1;; ++expected) {
    const auto row = statement.Step();
    if (!row)
      return MakeError(row.error().code, "{}: run \"{}\", record {}: {}", database.file().string(),
                       run, expected, row.error().message);
    if (!*row) {
      if (expected - 1 != head.records || digest != head.digest)
        return Damaged(
            database, run,
            fmt::format("record {}: is missing, expected {} records", expected, head.records));
      return {};
    }
    if (statement.Int(0) != expected)
      return Damaged(database, run,
                     fmt::format("record {}: is missing, found {}", expected, statement.Int(0)));
    digest = ChainNext(digest, expected, statement.Bytes(1));
    if (statement.Bytes(2) != View(digest))
      return Damaged(database, run, fmt::format("record {}: does not match its digest", expected));
    visit(expected, digest, statement.Bytes(1));
  }
}

Result<RunHeads> VerifyDatabase(const Database& database) {
  ASSIGN_OR_RETURN(RunHeads heads, ReadHeads(database));
  for (const auto& [run, head] : heads) RETURN_IF_ERROR(VerifyRun(database, run, head));
  RETURN_IF_ERROR(VerifyFacts(database));
  RETURN_IF_ERROR(VerifyNoStrays(database));
  RETURN_IF_ERROR(VerifyStructure(database));
  return heads;
}

}  // namespace tributary::store
