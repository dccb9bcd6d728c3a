#pragma once
// SQLite as values: a connection and its statements, errors as Status that name the file. The only
// header of the project that knows sqlite3.h. One thread at a time.

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary::store {

class Statement {
 public:
  // Values are numbered from 1 and must outlive the statement's last Step.
  void Bind(int index, int64_t value);
  void BindText(int index, std::string_view text);
  void BindBlob(int index, std::string_view bytes);

  Result<bool> Step();  // true: a row stands ready; false: done
  Status Run();         // steps to the end of a statement that yields no row, ready to run again

  int64_t Int(int column) const;             // columns are numbered from 0
  std::string_view Bytes(int column) const;  // of a text or blob; valid until the next Step

 private:
  friend class Database;
  using Handle = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;
  Statement(const class Database* database, sqlite3_stmt* handle)
      : database_(database), handle_(handle, &sqlite3_finalize) {}
  const Database* database_;
  Handle handle_;
};

class Database {
 public:
  // Opens or creates the file, for this connection alone.
  static Result<std::unique_ptr<Database>> Open(const std::filesystem::path& file);

  Result<Statement> Prepare(std::string_view sql) const;
  Status Execute(const std::string& sql) const;        // one or several statements, rows ignored
  Result<int64_t> Number(std::string_view sql) const;  // the first column of the first row

  bool InTransaction() const;
  // Whether closing folds the write-ahead log into the file. Off, files stay as they were found.
  void FoldLogOnClose(bool fold) const;

  // The connection's last error: a full disk is RESOURCE_EXHAUSTED, missing rights are
  // PERMISSION_DENIED, damage (and a schema that lacks what we created) is DATA_LOSS.
  tl::unexpected<Error> Failure() const;
  const std::filesystem::path& file() const { return file_; }

 private:
  explicit Database(std::filesystem::path file) : file_(std::move(file)) {}
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, decltype(&sqlite3_close_v2)> handle_{nullptr, &sqlite3_close_v2};
};

}  // namespace tributary::store
