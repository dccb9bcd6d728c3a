#include "client/data/records.h"

#include <gmock/gmock.h>

#include <sstream>

#include "aggregation/base/random.h"
#include "aggregation/base/utf8.h"
#include "client/data/table.h"

namespace tributary::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Row = std::vector<std::string>;

Result<RecordReader> Open(Format format, std::string content, std::vector<Column> columns,
                          Limits limits = {}) {
  return RecordReader::Read(std::make_unique<std::istringstream>(std::move(content)), "data",
                            format, std::move(columns), limits);
}

// All records: their cells, or {"line N: fault"}. An error ends the list as {"error", message}.
std::vector<Row> Rows(Format format, std::string content, std::vector<Column> columns,
                      Limits limits = {}) {
  auto reader = Open(format, std::move(content), std::move(columns), limits);
  if (!reader) return {{"error", reader.error().message}};
  std::vector<Row> rows;
  for (Record record;;) {
    auto more = reader->Next(&record);
    if (!more) return rows.push_back({"error", more.error().message}), rows;
    if (!*more) return rows;
    rows.push_back(record.fault.empty()
                       ? record.cells
                       : Row{fmt::format("line {}: {}", record.line, record.fault)});
  }
}

TEST(Utf8, AcceptsExactlyTheValidSequences) {
  for (const char* good :
       {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "eight ascii bytes \xC3\xA9 and more"})
    EXPECT_TRUE(IsUtf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2(\xA1"})
    EXPECT_EQ(ValidUtf8Prefix(std::string("12345678") + bad), 8u);
  EXPECT_EQ(CutUtf8("a\xC3\xA9z", 2), "a");
  EXPECT_EQ(CutUtf8("a\xC3\xA9z", 3), "a\xC3\xA9");
}

TEST(Jsonl, GivesTheWantedMembersInTheAskedOrder) {
  EXPECT_THAT(Rows(Format::kJsonl,
                   "{\"b\": \"x\", \"a\": \"\\u00e9\\n\", \"c\": [1, {\"a\": "
                   "2}]}\r\n\n{\"a\":\"\",\"b\":\"y\"}",
                   {{"a"}, {"b"}}),
              ElementsAre(Row{"\xC3\xA9\n", "x"}, Row{"", "y"}));
}

TEST(Jsonl, TurnsNumbersAndBooleansIntoTheirText) {
  EXPECT_THAT(
      Rows(Format::kJsonl,
           "{\"a\": 3}\n{\"a\": -7}\n{\"a\": 1.50}\n{\"a\": 1e3}\n{\"a\": true}\n{\"a\": false}\n"
           "{\"a\": 18446744073709551615}\n{\"a\": 123456789012345678901}\n",
           {{"a"}}),
      ElementsAre(Row{"3"}, Row{"-7"}, Row{"1.50"}, Row{"1e3"}, Row{"true"}, Row{"false"},
                  Row{"18446744073709551615"}, Row{"123456789012345678901"}));
}

TEST(Jsonl, NamesTheFaultOfABadLineAndGoesOn) {
  EXPECT_THAT(
      Rows(Format::kJsonl,
           "{\"a\": \"1\"}\nnonsense\n{\"a\": null}\n{\"b\": \"1\"}\n{\"a\": [1]}\n{\"a\": {\"a\": "
           "\"1\"}}\n"
           "[1]\n\"a\"\n{\"a\": \"1\", \"a\": \"2\"}\n{\"a\": \"\xFF\"}\n{\"a\": "
           "\"\\ud800\"}\n{\"a\": \"1\"} {}\n"
           "{\"a\": \"9\"}\n",
           {{"a"}}),
      ElementsAre(
          Row{"1"}, Row{"line 2: not JSON (at byte 2)"}, Row{"line 3: \"a\" is null"},
          Row{"line 4: \"a\" is missing"}, Row{"line 5: \"a\" is an array, expected text"},
          Row{"line 6: \"a\" is an object, expected text"},
          Row{"line 7: a JSON array, expected an object"},
          Row{"line 8: a JSON value, expected an object"}, Row{"line 9: \"a\" is given twice"},
          Row{"line 10: not UTF-8 (byte 0xFF at position 8)"},
          Row{"line 11: not JSON (at byte 14)"}, Row{"line 12: not JSON (at byte 12)"}, Row{"9"}));
}

TEST(Jsonl, SurvivesDeepNestingAndManyMembers) {
  std::string deep =
      "{\"x\": " + std::string(200'000, '[') + std::string(200'000, ']') + ", \"a\": \"1\"}\n{";
  for (int i = 0; i < 10'000; ++i) deep += fmt::format("\"k{}\": 0, ", i);
  EXPECT_THAT(Rows(Format::kJsonl, deep + "\"a\": \"2\"}\n", {{"a"}}),
              ElementsAre(Row{"1"}, Row{"2"}));
}

TEST(Csv, FollowsRfc4180) {
  EXPECT_THAT(
      Rows(Format::kCsv, "a,b,c\r\n1,\"x,\"\"y\"\"\r\nz\",3\r\n,\"\",\"\n\"\r\n5\"6, \"7\" ,8",
           {{"c"}, {"b"}}),
      ElementsAre(Row{"3", "x,\"y\"\r\nz"}, Row{"\n", ""}, Row{"8", " \"7\" "}));
}

TEST(Csv, NamesTheFaultOfABadRecordByItsFirstLine) {
  EXPECT_THAT(
      Rows(Format::kCsv, "a,b\n\"1\n\n2\",x\n1\n1,2,3\n\"1\"2\"3,4\n\xE9,1\n\n7,8\n", {{"a"}}),
      ElementsAre(Row{"1\n\n2"}, Row{"line 5: 1 columns, expected 2 as in the header"},
                  Row{"line 6: 3 columns, expected 2 as in the header"},
                  Row{"line 7: text after a closing quote"},
                  Row{"line 8: not UTF-8 (byte 0xE9 at position 1)"}, Row{"7"}));
}

TEST(Csv, CountsFieldsBeyondItsLimitWithoutKeepingThem) {
  EXPECT_THAT(
      Rows(Format::kCsv, "a,b\n" + std::string(100'000, ',') + "\n1,2\n", {{"b"}}, {.columns = 2}),
      ElementsAre(Row{"line 2: 100001 columns, expected 2 as in the header"}, Row{"2"}));
}

TEST(Csv, RefusesAHeaderThatCannotBeUsed) {
  const auto error = [](std::string content) {
    return Open(Format::kCsv, content, {{"a"}}, {.columns = 3}).error().message;
  };
  EXPECT_EQ(error("x,A,y\n"),
            "data: has no column \"a\" (did you mean \"A\"?); its columns are x, A, y");
  EXPECT_EQ(error("a,b,a\n"), "data: header: two columns are named \"a\"");
  EXPECT_EQ(error("a,b,c,d\n"), "data: header: 4 columns, at most 3 are read");
  EXPECT_EQ(error("a,\xE9\n"), "data: header: not UTF-8");
  EXPECT_EQ(error("a,\"b\" \n"), "data: header: text after a closing quote");
}

TEST(Tsv, HasNoQuoting) {
  EXPECT_THAT(Rows(Format::kTsv, "a\tb\r\n\"quoted\t5\" disk\r\n,\t\n1\t2\t3\n", {{"a"}, {"b"}}),
              ElementsAre(Row{"\"quoted", "5\" disk"}, Row{",", ""},
                          Row{"line 4: 3 columns, expected 2 as in the header"}));
}

TEST(Records, DropAByteOrderMark) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_THAT(Rows(Format::kJsonl, mark + "{\"a\": \"1\"}\n", {{"a"}}), ElementsAre(Row{"1"}));
  EXPECT_THAT(Rows(Format::kCsv, mark + "a\n1\n", {{"a"}}), ElementsAre(Row{"1"}));
}

TEST(Records, AreReadWholeAcrossBlocksOfTheFile) {
  const std::string wide(200'000, 'w');
  EXPECT_THAT(Rows(Format::kTsv, "a\n" + wide + "\n1\n" + wide, {{"a"}}),
              ElementsAre(Row{wide}, Row{"1"}, Row{wide}));
}

TEST(Records, BeyondTheLimitAreBadAndTheNextIsRead) {
  const Limits limits{.record_bytes = 20};
  const std::string wide(100'000, 'w');
  EXPECT_THAT(Rows(Format::kJsonl, "{\"a\": \"" + wide + "\"}\n{\"a\": \"1\"}\n", {{"a"}}, limits),
              ElementsAre(Row{"line 1: longer than 20 bytes"}, Row{"1"}));
  EXPECT_THAT(Rows(Format::kCsv, "a\n" + wide + "\n1\n", {{"a"}}, limits),
              ElementsAre(Row{"line 2: longer than 20 bytes"}, Row{"1"}));
}

TEST(Records, OfWhichAQuoteIsNeverClosedEndTheReading) {
  EXPECT_THAT(
      Rows(Format::kCsv, "a\n1\n\"2\n3\n", {{"a"}}).back(),
      ElementsAre("error",
                  HasSubstr("quoted field that begins in the record of line 3 never ends")));
  EXPECT_THAT(
      Rows(Format::kCsv, "a\n1\n\"2\n3\n4\n5\n6\n", {{"a"}}, {.record_bytes = 6}).back(),
      ElementsAre("error",
                  HasSubstr("line 3: a record with quoted line ends has more than 6 bytes")));
}

TEST(Records, EnforceTheSizesThatAColumnMayHave) {
  EXPECT_THAT(Rows(Format::kCsv, "a,b\n,x\nlonger,x\n1,x\n", {{"a", 1, 5}, {"b"}}),
              ElementsAre(Row{"line 2: \"a\" is empty"},
                          Row{"line 3: \"a\" has 6 bytes, at most 5 are allowed"}, Row{"1", "x"}));
}

TEST(Records, RefuseAColumnAskedForTwice) {
  EXPECT_EQ(Open(Format::kCsv, "a\n", {{"a"}, {"a"}}).error().message,
            "data: column \"a\" is asked for twice");
}

TEST(Formats, AreChosenByExtensionOrName) {
  EXPECT_EQ(*FormatOfPath("x/y.JSONL"), Format::kJsonl);
  EXPECT_EQ(*FormatOfPath("y.csv"), Format::kCsv);
  EXPECT_EQ(*FormatOfPath("y.tab"), Format::kTsv);
  EXPECT_EQ(FormatOfPath("y.parquet").error().message,
            "y.parquet: extension \".parquet\" names no data format; expected .jsonl, .csv or "
            ".tsv, or say the format");
  EXPECT_FALSE(FormatOfPath("y").has_value());
  for (const Format format : {Format::kJsonl, Format::kCsv, Format::kTsv})
    EXPECT_EQ(*ParseFormat(FormatName(format)), format);
  EXPECT_EQ(ParseFormat("cvs").error().message,
            "unknown data format \"cvs\", expected one of jsonl, csv, tsv (did you mean \"csv\"?)");
}

// Fields of every kind of trouble, written by the rules of RFC 4180 and read back.
TEST(Csv, ReadsBackHostileFields) {
  const std::vector<std::string> pieces = {
      "\"", "\"\"", ",", "\n", "\r\n", "\r", "\t", " ", "a", "\xC3\xA9", "\xF0\x9F\x92\xA9", "\\"};
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed, "hostile-csv");
    const uint64_t width = 1 + random.Below(5);
    const std::string end = random.Below(2) == 0 ? "\n" : "\r\n";
    std::vector<Column> columns;
    std::vector<Row> rows;
    std::string file;
    for (uint64_t c = 0; c < width; ++c) columns.push_back({fmt::format("c{}", c)});
    for (uint64_t c = 0; c < width; ++c) file += (c ? "," : "") + columns[c].name;
    const uint64_t count = 1 + random.Below(30);
    for (uint64_t r = 0; r < count; ++r) {
      file += end;
      Row row(width);
      for (uint64_t c = 0; c < width; ++c) {
        for (uint64_t length = random.Below(6); length > 0; --length)
          row[c] += pieces[random.Below(pieces.size())];
        const bool must_quote = row[c].find_first_of("\",\r\n") != std::string::npos || width == 1;
        std::string field;
        for (const char letter : row[c]) field += letter == '"' ? "\"\"" : std::string(1, letter);
        const bool quote = must_quote || random.Below(2) == 0;
        file += (c ? "," : "") + (quote ? "\"" + field + "\"" : row[c]);
      }
      rows.push_back(row);
    }
    if (random.Below(2) == 0) file += end;
    EXPECT_EQ(Rows(Format::kCsv, file, columns), rows);
  }
}

// Bytes at random never end in anything but rows, faults or an error.
TEST(Records, OfRandomBytesAreFaultsOrErrors) {
  const std::string alphabet = "{}[]\"\\:,\t\r\nab01 nul\xC3\xA9\xFF";
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed, "random-bytes");
    std::string bytes = "a,b\na\tb\n";
    for (uint64_t n = random.Below(200); n > 0; --n)
      bytes += alphabet[random.Below(alphabet.size())];
    for (const Format format : {Format::kJsonl, Format::kCsv, Format::kTsv}) {
      auto reader = Open(format, bytes, {{"a"}, {"b"}}, {.record_bytes = 64});
      if (!reader) continue;
      int64_t last = 0;
      for (Record record;;) {
        const auto more = reader->Next(&record);
        if (!more || !*more) break;
        EXPECT_GT(record.line, last);
        last = record.line;
        if (record.fault.empty()) {
          ASSERT_EQ(record.cells.size(), 2u);
          EXPECT_TRUE(IsUtf8(record.cells[0] + record.cells[1]));
        }
      }
    }
  }
}

TEST(Golden, PythonsCsvAndJsonOfTheSameRowsReadTheSame) {
  const std::filesystem::path folder =
      std::filesystem::path(TRIBUTARY_SOURCE_DIR) / "tests/data/golden/tables";
  const std::vector<Column> columns = {{"quo\"ted"}, {"client"}, {"label, with comma"}, {"text"}};
  const auto csv = ReadTable(folder / "hostile.csv", columns, {});
  const auto jsonl = ReadTable(folder / "hostile.jsonl", columns, {});
  ASSERT_TRUE(csv.has_value()) << csv.error().message;
  ASSERT_TRUE(jsonl.has_value()) << jsonl.error().message;
  EXPECT_EQ(csv->rows(), 401u);
  EXPECT_EQ(csv->cells, jsonl->cells);
  EXPECT_EQ(csv->bad.bad() + jsonl->bad.bad(), 0);
}

}  // namespace
}  // namespace tributary::data
