#include "aggregation/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary {
namespace {

constexpr int64_t kTime = 1'772'357'400'123'456;

std::string ReadAll(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Line, HasAnEventAndItsFields) {
  const LogFields fields = {
      {"run", "fedit-1"}, {"round", int64_t{3}}, {"share", 0.5}, {"ok", true}};
  EXPECT_EQ(TextLine(kTime, LogLevel::kInfo, "stage_committed", fields),
            "2026-03-01T09:30:00.123456Z info    stage_committed run=fedit-1 round=3 share=0.5 "
            "ok=true");
  EXPECT_EQ(JsonLine(kTime, LogLevel::kWarning, "stage_committed", fields),
            R"({"time":"2026-03-01T09:30:00.123456Z","level":"warning","event":"stage_committed",)"
            R"("run":"fedit-1","round":3,"share":0.5,"ok":true})");
}

TEST(Line, CannotBeForgedByAValue) {
  const std::string hostile = "x\n2026 info run_finished run=\"a\"\x1b[2J\x7f\xff\u202e";
  for (auto* make : {&TextLine, &JsonLine}) {
    const std::string line = make(kTime, LogLevel::kInfo, "client_failed", {{"detail", hostile}});
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c < 127) << static_cast<int>(c);
  }
  const auto json = nlohmann::json::parse(
      JsonLine(kTime, LogLevel::kInfo, "client_failed", {{"detail", hostile}}));
  EXPECT_THAT(json["detail"].get<std::string>(), testing::StartsWith("x\n2026 info"));
  EXPECT_EQ(TextLine(kTime, LogLevel::kInfo, "e", {{"a", "b=c"}, {"d", ""}}).substr(36),
            R"(e a="b=c" d="")");
}

TEST(Line, CutsWhatIsLong) {
  const std::string line =
      TextLine(kTime, LogLevel::kInfo, "e", {{"detail", std::string(100'000, 'x')}});
  EXPECT_LT(line.size(), 2 * kMostLogValue);
  EXPECT_THAT(line, testing::EndsWith("x..."));
}

TEST(Log, RotatesItsFileBySize) {
  const ScratchDirectory scratch;
  LogOptions options;
  options.file = scratch.path() / "log";
  options.max_size = "4KiB";
  options.files = 2;
  options.level = "error";
  {
    const auto log = Log::Open(options);
    ASSERT_THAT(log, IsOk());
    for (int64_t i = 0; i < 400; ++i) (*log)->Error("event", {{"number", i}});
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path())) {
    ++files;
    EXPECT_LE(entry.file_size(), 4096u);
  }
  EXPECT_EQ(files, 3);
  EXPECT_THAT(ReadAll(options.file), testing::EndsWith("number=399\n"));
}

TEST(Log, ChangesItsLevelWhileItRuns) {
  const ScratchDirectory scratch;
  LogOptions options;
  options.file = scratch.path() / "log";
  options.level = "error";
  {
    const auto log = Log::Open(options);
    ASSERT_THAT(log, IsOk());
    (*log)->Info("unheard");
    (*log)->SetLevel(LogLevel::kInfo);
    (*log)->Info("heard");
    (*log)->Debug("unheard");
  }
  EXPECT_THAT(ReadAll(options.file), testing::MatchesRegex("[^\n]* info    heard\n"));
}

TEST(Log, NamesTheKeyThatIsWrong) {
  const ScratchDirectory scratch;
  LogOptions options;
  options.level = "loud";
  EXPECT_THAT(Log::Open(options), Fails(Code::kInvalidArgument, "log.level = \"loud\""));
  options = {};
  options.file = scratch.path() / "log";
  options.max_size = "many";
  EXPECT_THAT(Log::Open(options), Fails(Code::kInvalidArgument, "log.max_size"));
  options = {};
  options.file = "/proc/nowhere/log";
  EXPECT_THAT(Log::Open(options),
              Fails(Code::kInvalidArgument, "log.file = \"/proc/nowhere/log\""));
}

}  // namespace
}  // namespace tributary
