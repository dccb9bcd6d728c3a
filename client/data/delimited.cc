// CSV by RFC 4180 and TSV by IANA's text/tab-separated-values, both with a header line.
//
// CSV: a field that begins with a quote ends at the next single quote; within it "" is a quote and
// line ends are text. A quote elsewhere is an ordinary character. Text between a closing quote and
// the next comma makes the record bad.
// TSV: no quoting at all, so a quote is an ordinary character (as in the usual benchmark files).

#include <algorithm>

#include "aggregation/base/utf8.h"
#include "client/data/records.h"

namespace tributary::data {
namespace {

constexpr size_t kNone = SIZE_MAX;

// Splits one record, fed line by line. Keeps at most max_fields + 1 fields; counts the others.
class Splitter {
 public:
  Splitter(char delimiter, bool quoting, size_t max_fields)
      : delimiter_(delimiter), quoting_(quoting), max_fields_(max_fields) {}

  void Reset() {
    fields.assign(1, {});
    count = 1;
    fault.clear();
    state_ = State::kStart;
  }

  // True if the record ends with this line, false if a quoted field goes on in the next one.
  bool Feed(std::string_view line) {
    for (size_t i = 0; i < line.size(); ++i) {
      if (state_ != State::kQuoted && IsLineEnd(line.substr(i))) return true;
      Put(line[i]);
    }
    return state_ != State::kQuoted;
  }

  std::vector<std::string> fields;
  size_t count = 0;
  std::string fault;

 private:
  enum class State { kStart, kPlain, kQuoted, kQuoteSeen };

  static bool IsLineEnd(std::string_view rest) {
    return rest == "\n" || rest == "\r\n" || rest == "\r";
  }

  void Put(char c) {
    if (state_ == State::kQuoted) {
      if (c == '"')
        state_ = State::kQuoteSeen;
      else
        fields.back() += c;
      return;
    }
    if (c == delimiter_) {
      state_ = State::kStart;
      if (fields.size() <= max_fields_)
        fields.emplace_back();
      else
        fields.back().clear();
      ++count;
      return;
    }
    if (quoting_ && c == '"' && state_ == State::kStart) {
      state_ = State::kQuoted;
      return;
    }
    const bool quote_in_quotes = state_ == State::kQuoteSeen && c == '"';
    if (state_ == State::kQuoteSeen && !quote_in_quotes) fault = "text after a closing quote";
    state_ = quote_in_quotes ? State::kQuoted : State::kPlain;
    fields.back() += c;
  }

  const char delimiter_;
  const bool quoting_;
  const size_t max_fields_;
  State state_ = State::kStart;
};

class DelimitedParser : public RecordParser {
 public:
  DelimitedParser(char delimiter, bool quoting, const std::vector<Column>& columns,
                  const Limits& limits)
      : columns_(columns), limits_(limits), splitter_(delimiter, quoting, limits.columns) {}

  Status ReadHeader(LineReader* lines) override {
    Record record;
    record.line = 1;
    ASSIGN_OR_RETURN(const bool more, ReadRow(lines, &record));
    if (!more) return {};
    if (!record.fault.empty())
      return InvalidArgument("{}: header: {}", lines->name(), record.fault);
    if (!IsUtf8(record.raw)) return InvalidArgument("{}: header: not UTF-8", lines->name());
    if (splitter_.count > limits_.columns)
      return InvalidArgument("{}: header: {} columns, at most {} are read", lines->name(),
                             splitter_.count, limits_.columns);
    names_ = splitter_.fields;
    for (const Column& column : columns_) {
      const auto found = std::ranges::find(names_, column.name);
      places_.push_back(found == names_.end() ? kNone
                                              : static_cast<size_t>(found - names_.begin()));
      if (std::ranges::count(names_, column.name) > 1)
        return InvalidArgument("{}: header: two columns are named \"{}\"", lines->name(),
                               column.name);
    }
    header = std::move(record.raw);
    return {};
  }

  Result<bool> Next(LineReader* lines, Record* record) override {
    ASSIGN_OR_RETURN(const bool more, ReadRow(lines, record));
    if (!more || !record->fault.empty()) return more;
    if (record->raw.find_first_not_of("\r\n") == std::string::npos) return true;
    if (splitter_.count < names_.size() && !record->raw.ends_with('\n') && good_ > 0)
      return InvalidArgument("{}: ends in the middle of line {} (truncated?)", lines->name(),
                             record->line);
    if (splitter_.count != names_.size()) {
      record->fault =
          fmt::format("{} columns, expected {} as in the header", splitter_.count, names_.size());
      return true;
    }
    if (record->raw.find('\0') != std::string::npos) {
      record->fault = "a NUL byte";
      return true;
    }
    ++good_;
    for (const size_t place : places_) record->cells.push_back(splitter_.fields[place]);
    return true;
  }

  std::vector<std::string> SeenColumns() const override { return names_; }
  bool Seen(size_t column) const override { return places_.empty() || places_[column] != kNone; }

 private:
  // Reads a record's lines into raw and splits them. A line that is too long is a fault; a quoted
  // field that grows too long, or never ends, leaves no place to go on from.
  Result<bool> ReadRow(LineReader* lines, Record* record) {
    splitter_.Reset();
    for (size_t fed = 0;;) {
      ASSIGN_OR_RETURN(const bool more, lines->Append(&record->raw));
      if (!more && fed == 0) return false;
      if (!more)
        return InvalidArgument(
            "{}: the quoted field that begins in the record of line {} never ends "
            "(truncated?)",
            lines->name(), record->line);
      const bool too_long = lines->overlong() || record->raw.size() > limits_.record_bytes;
      if (too_long && fed > 0)
        return InvalidArgument(
            "{}: line {}: a record with quoted line ends has more than {} bytes "
            "(a quote that is never closed?)",
            lines->name(), record->line, limits_.record_bytes);
      if (too_long) {
        record->fault = fmt::format("longer than {} bytes", limits_.record_bytes);
        return true;
      }
      const bool done = splitter_.Feed(std::string_view(record->raw).substr(fed));
      fed = record->raw.size();
      if (done) break;
    }
    record->fault = splitter_.fault;
    return true;
  }

  const std::vector<Column> columns_;
  const Limits limits_;
  Splitter splitter_;
  std::vector<std::string> names_;
  std::vector<size_t> places_;  // of the wanted columns in a record
  int64_t good_ = 0;
};

}  // namespace

std::unique_ptr<RecordParser> NewCsvParser(const std::vector<Column>& columns,
                                           const Limits& limits) {
  return std::make_unique<DelimitedParser>(',', true, columns, limits);
}

std::unique_ptr<RecordParser> NewTsvParser(const std::vector<Column>& columns,
                                           const Limits& limits) {
  return std::make_unique<DelimitedParser>('\t', false, columns, limits);
}

}  // namespace tributary::data
