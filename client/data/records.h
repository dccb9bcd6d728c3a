#pragma once
// Records of a table file, one at a time: JSONL (one JSON object a line), CSV (RFC 4180, with a
// header line) and TSV (IANA text/tab-separated-values: a header line, no quoting).
//
// A record that cannot be used comes back with its fault and the reading goes on; only what makes
// the rest of the file unreadable is an error. Faults never quote the data, only places and names.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregation/base/status.h"
#include "client/data/lines.h"

namespace tributary::data {

enum class Format { kJsonl, kCsv, kTsv };

Result<Format> ParseFormat(std::string_view name);  // "jsonl", "csv", "tsv"
std::string_view FormatName(Format format);
// By extension: .jsonl, .ndjson, .json (one object a line), .csv, .tsv, .tab.
Result<Format> FormatOfPath(const std::filesystem::path& path);

struct Limits {
  size_t record_bytes = size_t{8} << 20;   // a longer line, or quoted CSV record, is bad
  size_t columns = 4096;                   // of a CSV or TSV header
  int64_t rows = 50'000'000;               // of a table
  int64_t text_bytes = int64_t{16} << 30;  // of all wanted cells of a table
};

// A column that is wanted, and how many bytes its cells may have.
struct Column {
  std::string name;
  size_t min_bytes = 0;
  size_t max_bytes = SIZE_MAX;
};

struct Record {
  int64_t line = 0;      // where it begins, from 1
  std::string raw = {};  // as it stands in the file, line ends included
  std::vector<std::string> cells =
      {};                  // of the wanted columns in their order, if there is no fault
  std::string fault = {};  // why it is bad, e.g. "not JSON (at byte 17)"
};

// One format's rules. Used by RecordReader alone.
class RecordParser {
 public:
  virtual ~RecordParser() = default;
  // Reads what precedes the first record.
  virtual Status ReadHeader(LineReader* lines) = 0;
  // Reads one record's bytes, and its cells or fault; false at the end of the file. `record` is
  // empty but for its line. Blank lines come back as records without cells or fault.
  virtual Result<bool> Next(LineReader* lines, Record* record) = 0;
  // Names of columns in the file, as far as seen (at most some dozens).
  virtual std::vector<std::string> SeenColumns() const = 0;
  // Whether the wanted column of this index was ever seen.
  virtual bool Seen(size_t column) const = 0;
  std::string header;  // as it stands in the file; empty for JSONL
};

// One thread at a time.
class RecordReader {
 public:
  // Fails for what is no text file, and for a CSV or TSV header without a wanted column.
  static Result<RecordReader> Open(const std::filesystem::path& path, std::optional<Format> format,
                                   std::vector<Column> columns, const Limits& limits);
  static Result<RecordReader> Read(std::unique_ptr<std::istream> stream, std::string name,
                                   Format format, std::vector<Column> columns,
                                   const Limits& limits);

  // The next record that is not blank; false at the end. At the end, a column that no record had,
  // and a file without records, are errors.
  Result<bool> Next(Record* record);

  Format format() const { return format_; }
  const std::string& name() const { return lines_.name(); }
  const std::string& header() const { return parser_->header; }  // of CSV and TSV, as in the file

 private:
  RecordReader(LineReader lines, Format format, std::vector<Column> columns,
               std::unique_ptr<RecordParser> parser);
  Status CheckColumnsSeen() const;

  LineReader lines_;
  Format format_;
  std::vector<Column> columns_;
  std::unique_ptr<RecordParser> parser_;
  int64_t records_ = 0;
};

std::unique_ptr<RecordParser> NewJsonlParser(const std::vector<Column>& columns,
                                             const Limits& limits);
std::unique_ptr<RecordParser> NewCsvParser(const std::vector<Column>& columns,
                                           const Limits& limits);
std::unique_ptr<RecordParser> NewTsvParser(const std::vector<Column>& columns,
                                           const Limits& limits);

}  // namespace tributary::data
