#include "client/command/text_input.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "client/command/input_lines.h"
#include "client/data/records.h"
#include "client/data/tokenizer/unicode.h"

namespace tributary::client {
namespace {

using Columns = std::vector<std::string>;

TextInput::Text MakeText(std::vector<std::string> cells) {
  TextInput::Text text{std::move(cells.at(0)), {}};
  if (cells.size() > 1) text.second = std::move(cells[1]);
  return text;
}

class PlainLines : public TextInput {
 public:
  explicit PlainLines(InputLines lines) : lines_(std::move(lines)) {}
  Result<bool> Next(Text* text) override { return lines_.Next(&text->first); }
  bool IsReady() const override { return lines_.IsReady(); }

 private:
  InputLines lines_;
};

// One JSON object a line; blank lines are none. Bytes that are not UTF-8 count as U+FFFD.
class JsonLines : public TextInput {
 public:
  JsonLines(InputLines lines, Columns columns)
      : lines_(std::move(lines)), columns_(std::move(columns)) {}
  bool IsReady() const override { return lines_.IsReady(); }
  Result<bool> Next(Text* text) override {
    std::string line, storage;
    do {
      ASSIGN_OR_RETURN(const bool more, lines_.Next(&line));
      if (!more) return false;
    } while (line.find_first_not_of(" \t") == std::string::npos);
    const auto json = ParseJson(data::RepairUtf8(line, storage));
    if (!json.is_object())
      return InvalidArgument("{}: line {} is not a JSON object", lines_.name(), lines_.line());
    std::vector<std::string> cells;
    for (const std::string& column : columns_) {
      const auto cell = json.find(column);
      if (cell == json.end() || !cell->is_string())
        return InvalidArgument("{}: line {}: \"{}\" is {}, expected a string", lines_.name(),
                               lines_.line(), column,
                               cell == json.end() ? "missing" : cell->type_name());
      cells.push_back(*cell);
    }
    *text = MakeText(std::move(cells));
    return true;
  }

 private:
  InputLines lines_;
  Columns columns_;
};

class TableRows : public TextInput {
 public:
  explicit TableRows(data::RecordReader reader) : reader_(std::move(reader)) {}
  bool IsReady() const override { return true; }
  Result<bool> Next(Text* text) override {
    data::Record record;
    ASSIGN_OR_RETURN(const bool more, reader_.Next(&record));
    if (!more) return false;
    if (!record.fault.empty())
      return InvalidArgument("{}: line {}: {}", reader_.name(), record.line, record.fault);
    *text = MakeText(std::move(record.cells));
    return true;
  }

 private:
  data::RecordReader reader_;
};

}  // namespace

Result<Columns> SplitColumns(const std::string& columns) {
  Columns names;
  for (size_t begin = 0; begin <= columns.size();) {
    const size_t end = std::min(columns.find(',', begin), columns.size());
    names.push_back(columns.substr(begin, end - begin));
    begin = end + 1;
  }
  for (const std::string& name : names)
    if (name.empty() || names.size() > 2)
      return InvalidArgument("--text is \"{}\", expected a column, or two with a comma between",
                             columns);
  return names;
}

Result<std::unique_ptr<TextInput>> TextInput::Open(const std::string& file,
                                                   const std::string& columns, bool pair) {
  const auto format =
      file.empty() ? Result<data::Format>(InvalidArgument("no file")) : data::FormatOfPath(file);
  const bool plain = !format && columns.empty();
  Columns names;
  if (!plain) {
    ASSIGN_OR_RETURN(names, SplitColumns(columns.empty() ? "text" : columns));
  }
  if (pair && names.size() != 2)
    return InvalidArgument(
        "the model was trained on pairs of texts: give JSONL or a table, and both columns with "
        "--text A,B");
  if (!pair && names.size() == 2)
    return InvalidArgument("--text names two columns, but the model was trained on single texts");
  if (format) {
    std::vector<data::Column> wanted;
    for (const std::string& name : names) wanted.push_back({.name = name});
    ASSIGN_OR_RETURN(data::RecordReader reader,
                     data::RecordReader::Open(file, *format, std::move(wanted), {}));
    return std::make_unique<TableRows>(std::move(reader));
  }
  auto lines =
      file.empty() ? Result<InputLines>(InputLines::StandardInput()) : InputLines::Open(file);
  if (!lines) return tl::unexpected(lines.error());
  if (plain) return std::make_unique<PlainLines>(*std::move(lines));
  return std::make_unique<JsonLines>(*std::move(lines), std::move(names));
}

}  // namespace tributary::client
