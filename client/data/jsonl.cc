// One JSON object (RFC 8259) a line. Parsed by a SAX handler: only the wanted members are kept, so
// nesting and unwanted members cost nothing, and a member given twice is seen.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "client/data/records.h"

namespace tributary::data {
namespace {

constexpr size_t kMostSeenNames = 64;
constexpr size_t kNone = SIZE_MAX;

class RowHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit RowHandler(const std::vector<Column>& columns)
      : columns_(columns), seen_(columns.size()), given_(columns.size()) {}

  // Fills cells or fault of the record.
  void Parse(std::string_view text, Record* record) {
    record_ = record;
    record->cells.assign(columns_.size(), {});
    given_.assign(columns_.size(), false);
    depth_ = 0;
    wanted_ = kNone;
    nlohmann::json::sax_parse(text.begin(), text.end(), this);
    for (size_t i = 0; i < columns_.size() && record->fault.empty(); ++i) {
      if (!given_[i]) Fail(fmt::format("\"{}\" is missing", columns_[i].name));
    }
  }

  bool null() override { return wanted_ == kNone ? Scalar({}) : Fail(Quoted() + " is null"); }
  bool boolean(bool value) override { return Scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Scalar(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Scalar(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return Scalar(text); }
  bool string(string_t& value) override { return Scalar(std::move(value)); }
  bool binary(binary_t&) override { return Fail("binary data"); }
  bool start_object(size_t) override {
    if (wanted_ != kNone) return Fail(Quoted() + " is an object, expected text");
    return ++depth_, true;
  }
  bool start_array(size_t) override {
    if (depth_ == 0) return Fail("a JSON array, expected an object");
    if (wanted_ != kNone) return Fail(Quoted() + " is an array, expected text");
    return ++depth_, true;
  }
  bool end_object() override { return --depth_, true; }
  bool end_array() override { return --depth_, true; }
  bool key(string_t& key) override {
    if (depth_ != 1) return true;
    if (names.size() < kMostSeenNames) names.insert(key);
    const auto column = std::ranges::find(columns_, key, &Column::name);
    if (column == columns_.end()) return true;
    wanted_ = static_cast<size_t>(column - columns_.begin());
    if (given_[wanted_]) return Fail(Quoted() + " is given twice");
    return seen_[wanted_] = given_[wanted_] = true;
  }
  bool parse_error(size_t at, const std::string&, const nlohmann::detail::exception&) override {
    return Fail(fmt::format("not JSON (at byte {})", at));
  }

  bool Seen(size_t column) const { return seen_[column]; }
  std::set<std::string> names;

 private:
  std::string Quoted() const { return fmt::format("\"{}\"", columns_[wanted_].name); }
  bool Scalar(std::string text) {
    if (depth_ == 0) return Fail("a JSON value, expected an object");
    if (wanted_ != kNone) record_->cells[wanted_] = std::move(text);
    wanted_ = kNone;
    return true;
  }
  bool Fail(std::string what) {
    if (record_->fault.empty()) record_->fault = std::move(what);
    return false;
  }

  const std::vector<Column> columns_;
  std::vector<bool> seen_, given_;
  Record* record_ = nullptr;
  int64_t depth_ = 0;
  size_t wanted_ = kNone;
};

class JsonlParser : public RecordParser {
 public:
  JsonlParser(const std::vector<Column>& columns, const Limits& limits)
      : handler_(columns), limits_(limits) {}

  Status ReadHeader(LineReader*) override { return {}; }

  Result<bool> Next(LineReader* lines, Record* record) override {
    ASSIGN_OR_RETURN(const bool more, lines->Append(&record->raw));
    if (!more) return false;
    if (lines->overlong()) {
      record->fault = fmt::format("longer than {} bytes", limits_.record_bytes);
      return true;
    }
    if (record->raw.find_first_not_of(" \t\r\n") == std::string::npos) return true;
    handler_.Parse(record->raw, record);
    good_ += record->fault.empty();
    if (record->fault.starts_with("not JSON") && !record->raw.ends_with('\n') && good_ > 0)
      return InvalidArgument("{}: ends in the middle of line {} (truncated?)", lines->name(),
                             record->line);
    return true;
  }

  std::vector<std::string> SeenColumns() const override {
    return {handler_.names.begin(), handler_.names.end()};
  }
  bool Seen(size_t column) const override { return handler_.Seen(column); }

 private:
  RowHandler handler_;
  const Limits limits_;
  int64_t good_ = 0;
};

}  // namespace

std::unique_ptr<RecordParser> NewJsonlParser(const std::vector<Column>& columns,
                                             const Limits& limits) {
  return std::make_unique<JsonlParser>(columns, limits);
}

}  // namespace tributary::data
