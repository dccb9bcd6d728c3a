#include "client/data/table.h"

#include <fmt/ranges.h>

namespace tributary::data {

void BadRecords::Count(const Record& record) {
  ++records_;
  if (record.fault.empty()) return;
  ++bad_;
  if (named_.size() < kNamedBad)
    named_.push_back(fmt::format("line {}: {}", record.line, record.fault));
}

std::string BadRecords::Summary() const {
  if (bad_ == 0) return {};
  return fmt::format("{} of {} records {} bad: {}{}", bad_, records_, bad_ == 1 ? "is" : "are",
                     fmt::join(named_, "; "),
                     bad_ > static_cast<int64_t>(named_.size()) ? "; ..." : "");
}

Status BadRecords::Check(const std::string& file, double max_share) const {
  const bool few = static_cast<double>(bad_) <= max_share * static_cast<double>(records_);
  if (few && bad_ < records_) return {};
  return InvalidArgument("{}: {} (at most {:g} % may be)", file, Summary(), 100 * max_share);
}

Result<Table> ReadTable(const std::filesystem::path& path, std::vector<Column> columns,
                        const TableOptions& options) {
  const size_t width = columns.size();
  ASSIGN_OR_RETURN(auto reader,
                   RecordReader::Open(path, options.format, std::move(columns), options.limits));
  return ReadTable(&reader, width, options);
}

Result<Table> ReadTable(RecordReader* reader, size_t columns, const TableOptions& options) {
  Table table{.columns = columns};
  int64_t text_bytes = 0;
  for (Record record;;) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
    if (!more) break;
    table.bad.Count(record);
    if (table.bad.records() > options.limits.rows)
      return MakeError(Code::kResourceExhausted, "{}: more than {} rows", reader->name(),
                       options.limits.rows);
    if (!record.fault.empty()) continue;
    for (std::string& cell : record.cells) {
      text_bytes += static_cast<int64_t>(cell.size());
      table.cells.push_back(std::move(cell));
    }
    if (text_bytes > options.limits.text_bytes)
      return MakeError(Code::kResourceExhausted,
                       "{}: more than {} bytes of text in the wanted columns", reader->name(),
                       options.limits.text_bytes);
  }
  RETURN_IF_ERROR(table.bad.Check(reader->name(), options.max_bad_share));
  return table;
}

}  // namespace tributary::data
