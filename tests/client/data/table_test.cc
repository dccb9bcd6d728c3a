// What bad data files get: one clear error that names the file and what was found.

#include "client/data/table.h"

#include <gmock/gmock.h>

#include "tests/client/data/scratch.h"

namespace tributary::data {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class TableTest : public Scratch {
 protected:
  static std::string ErrorOf(const std::filesystem::path& path, TableOptions options = {}) {
    const auto table = ReadTable(path, {{"text"}, {"label"}}, options);
    if (table) return "no error";
    EXPECT_THAT(table.error().message, StartsWith(path.string() + ": "));
    return table.error().message.substr(path.string().size() + 2);
  }
  static std::string Good(int rows) {
    std::string lines;
    for (int i = 0; i < rows; ++i)
      lines += fmt::format("{{\"text\": \"t{}\", \"label\": \"l\"}}\n", i);
    return lines;
  }
};

TEST_F(TableTest, ReadsTheWantedColumnsOfEveryFormat) {
  for (const auto& [name, content] : std::vector<std::pair<std::string, std::string>>{
           {"a.jsonl",
            "{\"label\": \"l\", \"x\": 0, \"text\": \"t\"}\n{\"label\": 1, \"text\": \"u\"}\n"},
           {"a.csv", "x,label,text\n0,l,t\n0,1,u\n"},
           {"a.tsv", "text\tx\tlabel\nt\t0\tl\nu\t0\t1\n"}}) {
    const auto table = ReadTable(File(name, content), {{"text"}, {"label"}}, {});
    ASSERT_TRUE(table.has_value()) << table.error().message;
    ASSERT_EQ(table->rows(), 2u);
    EXPECT_EQ(table->cells, (std::vector<std::string>{"t", "l", "u", "1"}));
    EXPECT_EQ(table->at(1, 0), "u");
  }
}

TEST_F(TableTest, TakesTheFormatThatIsGivenOverTheExtension) {
  EXPECT_TRUE(
      ReadTable(File("a.txt", "text,label\nt,l\n"), {{"text"}, {"label"}}, {.format = Format::kCsv})
          .has_value());
  EXPECT_THAT(ErrorOf(File("a.txt", "text,label\nt,l\n")),
              HasSubstr("extension \".txt\" names no data format"));
}

TEST_F(TableTest, RefusesAMissingFile) { EXPECT_EQ(ErrorOf(Path("none.jsonl")), "no such file"); }

TEST_F(TableTest, RefusesADirectory) {
  std::filesystem::create_directory(Path("folder.jsonl"));
  EXPECT_EQ(ErrorOf(Path("folder.jsonl")), "is a directory, expected a file");
}

TEST_F(TableTest, RefusesAnEmptyFile) {
  EXPECT_EQ(ErrorOf(File("a.jsonl", "")), "is empty, expected at least one row of jsonl");
  EXPECT_EQ(ErrorOf(File("a.csv", "")), "is empty, expected at least one row of csv");
  EXPECT_EQ(ErrorOf(File("b.jsonl", "\n\n")), "holds no rows, expected at least one row of jsonl");
  EXPECT_EQ(ErrorOf(File("b.csv", "text,label\n")),
            "holds no rows, expected at least one row of csv");
}

TEST_F(TableTest, RefusesATruncatedFile) {
  EXPECT_EQ(ErrorOf(File("a.jsonl", Good(500) + "{\"text\": \"half")),
            "ends in the middle of line 501 (truncated?)");
  EXPECT_EQ(ErrorOf(File("a.csv", "text,label\nt,l\nu")),
            "ends in the middle of line 3 (truncated?)");
  EXPECT_EQ(ErrorOf(File("b.csv", "text,label\nt,l\n\"u,l\n")),
            "the quoted field that begins in the record of line 3 never ends (truncated?)");
  EXPECT_EQ(ErrorOf(File("a.tsv", "text\tlabel\nt\tl\nu")),
            "ends in the middle of line 3 (truncated?)");
}

TEST_F(TableTest, AcceptsALastLineWithoutItsEnd) {
  const auto table = ReadTable(File("a.csv", "text,label\nt,l\nu,l"), {{"text"}, {"label"}}, {});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->rows(), 2u);
}

TEST_F(TableTest, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(
      ErrorOf(File("a.csv", "text,label\ncaf\xE9,l\nt,l\n")),
      "1 of 2 records is bad: line 2: not UTF-8 (byte 0xE9 at position 4) (at most 1 % may be)");
  EXPECT_EQ(ErrorOf(File("b.csv", std::string("\xFF\xFEt\0e\0", 6))),
            "is UTF-16 text, expected UTF-8 text");
}

TEST_F(TableTest, RefusesBinaryFilesByTheirKind) {
  EXPECT_EQ(ErrorOf(File("a.jsonl", std::string("\x1f\x8b\x08\0\0", 5))),
            "is gzip data, expected UTF-8 text");
  EXPECT_EQ(ErrorOf(File("b.jsonl", "PK\x03\x04...")),
            "is a zip archive (or a spreadsheet), expected UTF-8 text");
  EXPECT_EQ(ErrorOf(File("c.jsonl", "PAR1...")), "is a Parquet file, expected UTF-8 text");
  EXPECT_EQ(ErrorOf(File("d.jsonl", std::string("\x7f"
                                                "ELF\0\0",
                                                6))),
            "is binary data, expected UTF-8 text");
}

TEST_F(TableTest, NamesAColumnThatIsNotThereAndThoseThatAre) {
  EXPECT_EQ(ErrorOf(File("a.jsonl", "{\"txet\": \"t\", \"label\": \"l\", \"note\": null}\n")),
            "has no column \"text\" (did you mean \"txet\"?); its columns are label, note, txet");
  EXPECT_EQ(ErrorOf(File("a.csv", "sentence,label\nt,l\n")),
            "has no column \"text\"; its columns are sentence, label");
  std::string wide = "label";
  for (int i = 0; i < 100; ++i) wide += fmt::format(",c{}", i);
  EXPECT_THAT(ErrorOf(File("b.csv", wide + "\n")), EndsWith(", c17, c18 and 81 more"));
}

TEST_F(TableTest, RefusesAnotherFormatThanItsName) {
  EXPECT_EQ(ErrorOf(File("a.jsonl", "text,label\nt,l\n")),
            "2 of 2 records are bad: line 1: not JSON (at byte 2); line 2: not JSON (at byte 2) "
            "(at most 1 % may be)");
}

TEST_F(TableTest, CountsAndNamesFewBadLines) {
  std::string content = Good(200);
  content.insert(content.find("{\"text\": \"t7\""), "oops\n");
  const auto table = ReadTable(File("a.jsonl", content), {{"text"}, {"label"}}, {});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->rows(), 200u);
  EXPECT_EQ(table->bad.bad(), 1);
  EXPECT_EQ(table->bad.Summary(), "1 of 201 records is bad: line 8: not JSON (at byte 1)");
}

TEST_F(TableTest, RefusesAFileBeyondTheShareOfBadLines) {
  const std::string bad = "{\"label\": \"l\"}\n";
  EXPECT_TRUE(ReadTable(File("a.jsonl", Good(99) + bad), {{"text"}, {"label"}}, {}).has_value());
  EXPECT_EQ(ErrorOf(File("b.jsonl", Good(98) + bad)),
            "1 of 99 records is bad: line 99: \"text\" is missing (at most 1 % may be)");
  EXPECT_TRUE(
      ReadTable(File("b.jsonl", Good(98) + bad), {{"text"}, {"label"}}, {.max_bad_share = 0.02})
          .has_value());
  std::string many = Good(1);
  for (int i = 0; i < 7; ++i) many += bad;
  EXPECT_THAT(ErrorOf(File("c.jsonl", many)),
              AllOf(HasSubstr("line 6: "), testing::Not(HasSubstr("line 7: ")),
                    HasSubstr("; ... (at most 1 % may be)")));
}

TEST_F(TableTest, RefusesAFileOfBadLinesWhateverTheShare) {
  EXPECT_THAT(ErrorOf(File("a.jsonl", "1\n"), {.max_bad_share = 1}),
              HasSubstr("1 of 1 records is bad"));
}

TEST_F(TableTest, RefusesMoreThanItsLimits) {
  TableOptions options;
  options.limits.rows = 3;
  EXPECT_TRUE(ReadTable(File("a.jsonl", Good(3)), {{"text"}, {"label"}}, options).has_value());
  EXPECT_EQ(ErrorOf(File("b.jsonl", Good(4)), options), "more than 3 rows");
  options = {};
  options.limits.text_bytes = 9;
  EXPECT_EQ(ErrorOf(File("c.jsonl", Good(4)), options),
            "more than 9 bytes of text in the wanted columns");
}

TEST_F(TableTest, RefusesAFileThatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const auto path = File("a.jsonl", Good(1));
  std::filesystem::permissions(path, std::filesystem::perms::none);
  EXPECT_THAT(ErrorOf(path), HasSubstr("cannot open: Permission denied"));
}

}  // namespace
}  // namespace tributary::data
