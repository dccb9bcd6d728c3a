#include "client/data/split.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/client/data/scratch.h"

namespace tributary::data {
namespace {

using testing::HasSubstr;

class SplitTest : public Scratch {
 protected:
  std::string Read(std::string_view name) const { return *ReadFile(Path(name)); }
};

TEST_F(SplitTest, KeepsHeaderRecordsAndFormatOfCsv) {
  const auto table =
      File("t.csv", "\xEF\xBB\xBFtext,who\r\n\"a\r\nb\",ann\r\nc,bob\r\n\"d\",\"ann\"");
  const auto result = SplitByClient(table, "who", Path("out"), {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  ASSERT_EQ(result->files.size(), 2u);
  EXPECT_EQ(result->files[0].client, "ann");
  EXPECT_EQ(result->files[0].file, "ann.csv");
  EXPECT_EQ(result->files[0].rows, 2);
  EXPECT_EQ(Read("out/ann.csv"), "text,who\r\n\"a\r\nb\",ann\r\n\"d\",\"ann\"\n");
  EXPECT_EQ(Read("out/bob.csv"), "text,who\r\nc,bob\r\n");
}

TEST_F(SplitTest, KeepsJsonlLinesAsTheyStand) {
  const auto table = File(
      "t.jsonl", "{\"who\": 1, \"x\": [ 1.50 ]}\n\n{\"who\":\"1\"}\n{\"who\": \"b\\u0062\"}\n");
  ASSERT_TRUE(SplitByClient(table, "who", Path("out"), {}).has_value());
  EXPECT_EQ(Read("out/1.jsonl"), "{\"who\": 1, \"x\": [ 1.50 ]}\n{\"who\":\"1\"}\n");
  EXPECT_EQ(Read("out/bb.jsonl"), "{\"who\": \"b\\u0062\"}\n");
}

TEST_F(SplitTest, NamesFilesSafelyAndApart) {
  std::string lines;
  const std::vector<std::string> names = {
      "../../etc/passwd",   "a/b", "a_b", "a b", ".hidden", "..", "-rf", "caf\xC3\xA9", "CON ",
      std::string(200, 'x')};
  for (const std::string& name : names) lines += fmt::format("{{\"who\": \"{}\"}}\n", name);
  const auto result = SplitByClient(File("t.jsonl", lines), "who", Path("out"), {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  std::set<std::string> files;
  for (const ClientFile& file : result->files) {
    files.insert(file.file);
    EXPECT_EQ(file.file.find_first_not_of(
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"),
              std::string::npos);
    EXPECT_NE(file.file[0], '.');
    EXPECT_NE(file.file[0], '-');
    EXPECT_LE(file.file.size(), 100u);
    EXPECT_TRUE(std::filesystem::is_regular_file(Path("out/" + file.file)));
  }
  EXPECT_EQ(files.size(), names.size());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(Path("out")), {}),
            static_cast<ptrdiff_t>(names.size()));
}

TEST_F(SplitTest, KeepsANameApartThatImitatesAnothers) {
  const std::string imitation = SafeFileName("a b");  // itself a safe name
  EXPECT_EQ(SafeFileName(imitation), imitation);
  const auto table = File("t.csv", "who\na b\n" + imitation + "\n");
  const auto result = SplitByClient(table, "who", Path("out"), {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  ASSERT_EQ(result->files.size(), 2u);
  EXPECT_NE(result->files[0].file, result->files[1].file);
  EXPECT_EQ(Read("out/" + result->files[0].file), "who\na b\n");
  EXPECT_EQ(Read("out/" + result->files[1].file), "who\n" + imitation + "\n");
}

TEST_F(SplitTest, LeavesBadRecordsOutOrRefusesTheTable) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "{\"who\": \"a\"}\n";
  const auto result =
      SplitByClient(File("t.jsonl", lines + "{\"who\": null}\n"), "who", Path("out"), {});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->bad.bad(), 1);
  EXPECT_EQ(Read("out/a.jsonl"), lines);
  EXPECT_THAT(SplitByClient(File("u.jsonl", "{\"who\": \"a\"}\n{\"who\": \"\"}\n"), "who",
                            Path("other"), {})
                  .error()
                  .message,
              HasSubstr("line 2: \"who\" is empty"));
  EXPECT_FALSE(std::filesystem::exists(Path("other")));
}

TEST_F(SplitTest, RefusesADirectoryThatHoldsAnything) {
  std::filesystem::create_directory(Path("out"));
  File("out/mine", "precious");
  const auto result = SplitByClient(File("t.csv", "who\na\n"), "who", Path("out"), {});
  EXPECT_EQ(result.error().code, Code::kAlreadyExists);
  EXPECT_THAT(result.error().message, HasSubstr("is not empty"));
  EXPECT_EQ(Read("out/mine"), "precious");
}

TEST_F(SplitTest, RefusesMoreBytesThanItMayHold) {
  TableOptions options;
  options.limits.text_bytes = 10;
  EXPECT_EQ(SplitByClient(File("t.csv", "who\naaaaaa\nbbbbbb\n"), "who", Path("out"), options)
                .error()
                .code,
            Code::kResourceExhausted);
}

}  // namespace
}  // namespace tributary::data
