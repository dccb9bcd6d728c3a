#include "coordinator/store/sqlite_store.h"

#include <cerrno>
#include <mutex>

#include "aggregation/base/file.h"
#include "coordinator/store/acknowledged.h"
#include "coordinator/store/journal.h"
#include "coordinator/store/sqlite_schema.h"
#include "coordinator/store/write_ahead_log.h"

namespace tributary::store {
namespace {

std::string_view View(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

class SqliteStore : public SqliteStateStore {
 public:
  SqliteStore(FileLock lock, std::unique_ptr<Database> database)
      : lock_(std::move(lock)), database_(std::move(database)) {}
  Status Prepare(int64_t frames_in_log);

  Result<Recovered> Recover(const RunId& run) override;
  Status Append(const RunId& run, std::span<const std::string> records) override;
  Status WriteSnapshot(const RunId& run, std::string_view snapshot) override;
  Status Put(const RunId& run, std::string_view key, std::string_view value) override;
  Result<std::optional<std::string>> Get(const RunId& run, std::string_view key) override;
  Result<Facts> List(const RunId& run, std::string_view prefix) override;
  Result<std::vector<RunId>> Runs() override;
  Status CopyTo(const std::filesystem::path& file) override;
  Status Sound() override {
    const std::scoped_lock lock(mutex_);
    return CheckSound();
  }

 private:
  Status CheckSound() const;
  // One transaction; `change` may move the run's head.
  template <typename F>
  Status Change(const RunId& run, const F& change);
  Status SaveHead(const std::string& run, const RunHead& head) const;

  std::mutex mutex_;
  FileLock lock_;  // outlives the connection
  std::unique_ptr<Database> database_;
  RunHeads heads_;
  Acknowledged acknowledged_;
  std::string notice_;
  std::optional<Error> broken_;
};

Status SqliteStore::Prepare(int64_t frames_in_log) {
  const std::string file = database_->file().string();
  const auto witness = ReadAcknowledged(lock_);
  RETURN_IF_ERROR(PrepareSchema(*database_));
  ASSIGN_OR_RETURN(heads_, VerifyDatabase(*database_));
  ASSIGN_OR_RETURN(acknowledged_.commits, database_->Number("SELECT count FROM commits"));
  if (witness && acknowledged_.commits < witness->commits)
    return MakeError(
        Code::kDataLoss,
        "{}: run \"{}\", record {} was acknowledged, but the database and its log hold only "
        "{} of {} commits",
        file, witness->run, witness->records, acknowledged_.commits, witness->commits);
  ASSIGN_OR_RETURN(Statement checkpoint, database_->Prepare("PRAGMA wal_checkpoint"));
  const auto folded = checkpoint.Step();  // may fail on a full disk, which harms nothing yet
  if (folded && checkpoint.Int(1) < frames_in_log)
    notice_ = fmt::format("{}: dropped an unfinished change that was never acknowledged", file);
  return {};
}

Status SqliteStore::CheckSound() const {
  if (broken_)
    return MakeError(Code::kUnavailable, "{}: refuses work since a change failed: {}",
                     database_->file().string(), broken_->message);
  return {};
}

template <typename F>
Status SqliteStore::Change(const RunId& run, const F& change) {
  const std::scoped_lock lock(mutex_);
  RETURN_IF_ERROR(CheckSound());
  const auto found = heads_.find(run.value);
  RunHead head = found != heads_.end() ? found->second : RunHead{0, ChainStart(run.value)};
  Status done = database_->Execute("BEGIN IMMEDIATE");
  if (done) done = change(&head);
  if (done) done = SaveHead(run.value, head);
  if (done) done = database_->Execute("COMMIT");
  if (!done) {
    const Status undone = database_->InTransaction() ? database_->Execute("ROLLBACK") : Status();
    if (!undone || done.error().code != Code::kResourceExhausted) broken_ = done.error();
    return done;
  }
  heads_[run.value] = head;
  acknowledged_ = {acknowledged_.commits + 1, run.value, head.records};
  WriteAcknowledged(lock_, acknowledged_);
  return {};
}

Status SqliteStore::SaveHead(const std::string& run, const RunHead& head) const {
  ASSIGN_OR_RETURN(Statement statement,
                   database_->Prepare("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)"));
  statement.BindText(1, run);
  statement.Bind(2, head.records);
  statement.BindBlob(3, View(head.digest));
  RETURN_IF_ERROR(statement.Run());
  return database_->Execute("UPDATE commits SET count = count + 1");
}

Result<Recovered> SqliteStore::Recover(const RunId& run) {
  RETURN_IF_ERROR(CheckName("run", run.value));
  const std::scoped_lock lock(mutex_);
  RETURN_IF_ERROR(CheckSound());
  Recovered recovered;
  recovered.notice = notice_;
  const auto head = heads_.find(run.value);
  if (head == heads_.end()) return recovered;
  ASSIGN_OR_RETURN(Statement statement,
                   database_->Prepare("SELECT through, bytes FROM snapshots WHERE run = ?"));
  statement.BindText(1, run.value);
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  const int64_t through = row ? statement.Int(0) : 0;
  if (row) recovered.snapshot = std::string(statement.Bytes(1));
  RETURN_IF_ERROR(WalkJournal(*database_, run.value, head->second,
                              [&](int64_t sequence, const Digest&, std::string_view bytes) {
                                if (sequence > through) recovered.records.emplace_back(bytes);
                              }));
  return recovered;
}

Status SqliteStore::Append(const RunId& run, std::span<const std::string> records) {
  RETURN_IF_ERROR(CheckRecords(run, records));
  if (records.empty()) return {};
  return Change(run, [&](RunHead* head) -> Status {
    ASSIGN_OR_RETURN(Statement statement,
                     database_->Prepare("INSERT INTO records VALUES (?, ?, ?, ?)"));
    for (const std::string& record : records) {
      head->digest = ChainNext(head->digest, ++head->records, record);
      statement.BindText(1, run.value);
      statement.Bind(2, head->records);
      statement.BindBlob(3, record);
      statement.BindBlob(4, View(head->digest));
      RETURN_IF_ERROR(statement.Run());
    }
    return {};
  });
}

Status SqliteStore::WriteSnapshot(const RunId& run, std::string_view snapshot) {
  RETURN_IF_ERROR(CheckSnapshot(run, snapshot));
  return Change(run, [&](const RunHead* head) -> Status {
    ASSIGN_OR_RETURN(Statement statement,
                     database_->Prepare("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)"));
    const Digest digest = SnapshotDigest(head->digest, head->records, snapshot);
    statement.BindText(1, run.value);
    statement.Bind(2, head->records);
    statement.BindBlob(3, snapshot);
    statement.BindBlob(4, View(digest));
    return statement.Run();
  });
}

Status SqliteStore::Put(const RunId& run, std::string_view key, std::string_view value) {
  RETURN_IF_ERROR(CheckFact(run, key, value));
  return Change(run, [&](const RunHead*) -> Status {
    ASSIGN_OR_RETURN(Statement statement,
                     database_->Prepare("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)"));
    const Digest digest = FactDigest(run.value, key, value);
    statement.BindText(1, run.value);
    statement.BindText(2, key);
    statement.BindBlob(3, value);
    statement.BindBlob(4, View(digest));
    return statement.Run();
  });
}

Result<std::optional<std::string>> SqliteStore::Get(const RunId& run, std::string_view key) {
  RETURN_IF_ERROR(CheckFact(run, key, {}));
  const std::scoped_lock lock(mutex_);
  RETURN_IF_ERROR(CheckSound());
  ASSIGN_OR_RETURN(Statement statement,
                   database_->Prepare("SELECT value FROM facts WHERE run = ? AND key = ?"));
  statement.BindText(1, run.value);
  statement.BindText(2, key);
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return std::optional<std::string>();
  return std::optional<std::string>(statement.Bytes(0));
}

Result<Facts> SqliteStore::List(const RunId& run, std::string_view prefix) {
  RETURN_IF_ERROR(CheckName("run", run.value));
  const std::scoped_lock lock(mutex_);
  RETURN_IF_ERROR(CheckSound());
  ASSIGN_OR_RETURN(Statement statement,
                   database_->Prepare("SELECT key, value FROM facts WHERE run = ?"));
  statement.BindText(1, run.value);
  Facts facts;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return facts;
    if (statement.Bytes(0).starts_with(prefix))
      facts.emplace(statement.Bytes(0), statement.Bytes(1));
  }
}

Result<std::vector<RunId>> SqliteStore::Runs() {
  const std::scoped_lock lock(mutex_);
  RETURN_IF_ERROR(CheckSound());
  std::vector<RunId> runs;
  for (const auto& [name, head] : heads_) runs.push_back(RunId{name});
  return runs;
}

Status SqliteStore::CopyTo(const std::filesystem::path& file) {
  const std::scoped_lock lock(mutex_);
  RETURN_IF_ERROR(CheckSound());
  ASSIGN_OR_RETURN(Statement copy, database_->Prepare("VACUUM INTO ?"));
  const std::string name = file.string();
  copy.BindText(1, name);
  return copy.Run();
}

}  // namespace

Result<std::unique_ptr<SqliteStateStore>> OpenSqliteStore(const std::filesystem::path& file) {
  const auto beside = [&](const char* suffix) { return std::filesystem::path(file) += suffix; };
  ASSIGN_OR_RETURN(FileLock lock, FileLock::Take(beside(".head"), file));
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return SystemError(file, "open", EISDIR);
  const auto size = std::filesystem::file_size(file, error);
  if ((error || size == 0) && ReadAcknowledged(lock))
    return MakeError(Code::kDataLoss, "{}: is {}, but {} tells of acknowledged changes",
                     file.string(), error ? "missing" : "empty",
                     beside(".head").filename().string());
  ASSIGN_OR_RETURN(const int64_t frames, FramesInLog(beside("-wal")));
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(file));
  database->FoldLogOnClose(false);
  const Database& connection = *database;
  auto store = std::make_unique<SqliteStore>(std::move(lock), std::move(database));
  RETURN_IF_ERROR(store->Prepare(frames));
  connection.FoldLogOnClose(true);
  RETURN_IF_ERROR(SyncDirectory(file.has_parent_path() ? file.parent_path() : "."));
  return std::unique_ptr<SqliteStateStore>(std::move(store));
}

}  // namespace tributary::store
