#include "coordinator/store/sqlite.h"

#include <cerrno>
#include <cstring>

#include "aggregation/base/file.h"

namespace tributary::store {
namespace {

Code CodeOf(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return Code::kResourceExhausted;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return Code::kPermissionDenied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::kFailedPrecondition;
    // All SQL is ours and constant, so SQLITE_ERROR means that a table is not as we created it.
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return Code::kDataLoss;
    case SQLITE_TOOBIG:
      return Code::kInvalidArgument;
    default:
      return Code::kUnavailable;
  }
}

}  // namespace

void Statement::Bind(int index, int64_t value) {
  TRIBUTARY_CHECK(sqlite3_bind_int64(handle_.get(), index, value) == SQLITE_OK,
                  "a statement has this parameter");
}
void Statement::BindText(int index, std::string_view text) {
  TRIBUTARY_CHECK(sqlite3_bind_text64(handle_.get(), index, text.data(), text.size(), SQLITE_STATIC,
                                      SQLITE_UTF8) == SQLITE_OK,
                  "a statement has this parameter");
}
void Statement::BindBlob(int index, std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";  // a null pointer would bind NULL
  TRIBUTARY_CHECK(
      sqlite3_bind_blob64(handle_.get(), index, data, bytes.size(), SQLITE_STATIC) == SQLITE_OK,
      "a statement has this parameter");
}

Result<bool> Statement::Step() {
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return database_->Failure();
}

Status Statement::Run() {
  const auto stepped = Step();
  if (!stepped) return tl::unexpected<Error>(stepped.error());
  sqlite3_reset(handle_.get());
  return {};
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string_view Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);  // before the size, says SQLite
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

Result<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& file) {
  std::unique_ptr<Database> database(new Database(file));
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(
      file.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  database->handle_.reset(handle);
  if (result != SQLITE_OK) return database->Failure();
  if (sqlite3_db_readonly(handle, "main") == 1)
    return SystemError(file, "write", EACCES);  // SQLite settles for less
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

Result<Statement> Database::Prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK)
    return Failure();
  return Statement(this, statement);
}

Status Database::Execute(const std::string& sql) const {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return Failure();
  return {};
}

Result<int64_t> Database::Number(std::string_view sql) const {
  ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return MakeError(Code::kDataLoss, "{}: \"{}\" yields nothing", file_.string(), sql);
  return statement.Int(0);
}

void Database::FoldLogOnClose(bool fold) const {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, fold ? 0 : 1, nullptr);
}

bool Database::InTransaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

tl::unexpected<Error> Database::Failure() const {
  if (!handle_)
    return MakeError(Code::kResourceExhausted, "{}: cannot open: no memory", file_.string());
  const int result = sqlite3_extended_errcode(handle_.get());
  const int number = sqlite3_system_errno(handle_.get());
  const bool system = (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN;
  if (system && number != 0) return SystemError(file_, "read or write", number);
  return MakeError(CodeOf(result), "{}: {}", file_.string(), sqlite3_errmsg(handle_.get()));
}

}  // namespace tributary::store
