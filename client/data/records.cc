#include "client/data/records.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "aggregation/base/suggest.h"
#include "aggregation/base/utf8.h"

namespace tributary::data {
namespace {

struct FormatRow {
  Format format;
  std::string_view name;
  std::array<std::string_view, 3> extensions;
  std::unique_ptr<RecordParser> (*make)(const std::vector<Column>&, const Limits&);
};
constexpr FormatRow kFormats[] = {
    {Format::kJsonl, "jsonl", {".jsonl", ".ndjson", ".json"}, &NewJsonlParser},
    {Format::kCsv, "csv", {".csv"}, &NewCsvParser},
    {Format::kTsv, "tsv", {".tsv", ".tab"}, &NewTsvParser},
};

const FormatRow& Row(Format format) {
  for (const FormatRow& row : kFormats) {
    if (row.format == format) return row;
  }
  CheckFailed(__FILE__, __LINE__, "a format without a row in kFormats");
}

// What a reader must know to correct the name: the columns that are there.
std::string Listing(std::vector<std::string> names) {
  constexpr size_t kMost = 20, kWidest = 60;
  const size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  for (std::string& name : names) name = std::string(CutUtf8(name, kWidest));
  return fmt::format("{}{}", fmt::join(names, ", "), more ? fmt::format(" and {} more", more) : "");
}

// Faults that every format shares, found in the record's bytes and cells.
std::string SharedFault(const Record& record, const std::vector<Column>& columns) {
  if (const size_t i = ValidUtf8Prefix(record.raw); i < record.raw.size())
    return fmt::format("not UTF-8 (byte 0x{:02X} at position {})",
                       static_cast<unsigned char>(record.raw[i]), i + 1);
  if (!record.fault.empty()) return record.fault;
  for (size_t i = 0; i < record.cells.size(); ++i) {
    const size_t size = record.cells[i].size();
    if (size < columns[i].min_bytes) return fmt::format("\"{}\" is empty", columns[i].name);
    if (size > columns[i].max_bytes)
      return fmt::format("\"{}\" has {} bytes, at most {} are allowed", columns[i].name, size,
                         columns[i].max_bytes);
  }
  return {};
}

}  // namespace

Result<Format> ParseFormat(std::string_view name) {
  std::vector<std::string> names;
  for (const FormatRow& row : kFormats) {
    if (row.name == name) return row.format;
    names.emplace_back(row.name);
  }
  return InvalidArgument("unknown data format \"{}\", expected one of {}{}", name,
                         fmt::join(names, ", "), DidYouMean(name, names));
}

std::string_view FormatName(Format format) { return Row(format).name; }

Result<Format> FormatOfPath(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const FormatRow& row : kFormats) {
    if (!extension.empty() && std::ranges::count(row.extensions, extension) > 0) return row.format;
  }
  return InvalidArgument(
      "{}: extension \"{}\" names no data format; expected .jsonl, .csv or .tsv, or say the format",
      path.string(), extension);
}

RecordReader::RecordReader(LineReader lines, Format format, std::vector<Column> columns,
                           std::unique_ptr<RecordParser> parser)
    : lines_(std::move(lines)),
      format_(format),
      columns_(std::move(columns)),
      parser_(std::move(parser)) {}

Result<RecordReader> RecordReader::Open(const std::filesystem::path& path,
                                        std::optional<Format> format, std::vector<Column> columns,
                                        const Limits& limits) {
  ASSIGN_OR_RETURN(auto stream, OpenText(path.string()));
  if (!format) {
    ASSIGN_OR_RETURN(format, FormatOfPath(path));
  }
  return Read(std::move(stream), path.string(), *format, std::move(columns), limits);
}

Result<RecordReader> RecordReader::Read(std::unique_ptr<std::istream> stream, std::string name,
                                        Format format, std::vector<Column> columns,
                                        const Limits& limits) {
  for (const Column& column : columns) {
    if (std::ranges::count(columns, column.name, &Column::name) > 1)
      return InvalidArgument("{}: column \"{}\" is asked for twice", name, column.name);
  }
  ASSIGN_OR_RETURN(auto lines,
                   LineReader::Open(std::move(stream), std::move(name), limits.record_bytes));
  auto parser = Row(format).make(columns, limits);
  RecordReader reader(std::move(lines), format, std::move(columns), std::move(parser));
  RETURN_IF_ERROR(reader.parser_->ReadHeader(&reader.lines_));
  if (format != Format::kJsonl) RETURN_IF_ERROR(reader.CheckColumnsSeen());
  return reader;
}

Status RecordReader::CheckColumnsSeen() const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (parser_->Seen(i)) continue;
    const auto seen = parser_->SeenColumns();
    if (seen.empty()) break;  // nothing was read that could have had it
    return InvalidArgument("{}: has no column \"{}\"{}; its columns are {}", name(),
                           columns_[i].name, DidYouMean(columns_[i].name, seen), Listing(seen));
  }
  return {};
}

Result<bool> RecordReader::Next(Record* record) {
  for (;;) {
    *record = {.line = lines_.line() + 1};
    ASSIGN_OR_RETURN(const bool more, parser_->Next(&lines_, record));
    if (!more) break;
    record->fault = SharedFault(*record, columns_);
    if (record->cells.empty() && record->fault.empty()) continue;  // a blank line
    ++records_;
    return true;
  }
  if (records_ == 0)
    return InvalidArgument("{}: {}, expected at least one row of {}", name(),
                           lines_.line() == 0 ? "is empty" : "holds no rows", FormatName(format_));
  RETURN_IF_ERROR(CheckColumnsSeen());
  return false;
}

}  // namespace tributary::data
