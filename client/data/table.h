#pragma once
// A table file as rows of the wanted columns. Bad records are counted and the first of them named
// by line; a file with too many of them is refused, since a wrong format or encoding must not pass
// as a few bad lines.

#include "client/data/records.h"

namespace tributary::data {

inline constexpr double kMaxBadShare = 0.01;  // of the records; more refuse the file
inline constexpr size_t kNamedBad = 5;        // bad records that are named

struct TableOptions {
  std::optional<Format> format = {};  // absent: by the file's extension
  double max_bad_share = kMaxBadShare;
  Limits limits = {};
};

// Counts the records of one file and decides whether it is good enough.
class BadRecords {
 public:
  void Count(const Record& record);
  // An error that names the file, the shares and the first bad lines, beyond max_share of all
  // records or when no record is good.
  Status Check(const std::string& file, double max_share) const;
  int64_t bad() const { return bad_; }
  int64_t records() const { return records_; }
  // "2 of 900 records are bad: line 3: not JSON (at byte 1); ...", or nothing if none is.
  std::string Summary() const;

 private:
  int64_t records_ = 0, bad_ = 0;
  std::vector<std::string> named_;
};

struct Table {
  size_t columns = 0;
  std::vector<std::string> cells = {};  // row by row
  BadRecords bad = {};

  size_t rows() const { return columns == 0 ? 0 : cells.size() / columns; }
  const std::string& at(size_t row, size_t column) const { return cells[row * columns + column]; }
};

Result<Table> ReadTable(const std::filesystem::path& path, std::vector<Column> columns,
                        const TableOptions& options);
// The same of an opened reader whose columns number `columns`.
Result<Table> ReadTable(RecordReader* reader, size_t columns, const TableOptions& options);

}  // namespace tributary::data
