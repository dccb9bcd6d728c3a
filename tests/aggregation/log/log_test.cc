#include "aggregation/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "aggregation/log/recent.h"
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

TEST(Line, ReadsAgainAsText) {
  const LogFields fields = {
      {"run", "fedit-1"}, {"detail", "a b\x1b"}, {"share", 0.5}, {"ok", true}};
  std::string json = JsonLine(kTime, LogLevel::kInfo, "client_failed", fields);
  EXPECT_EQ(*TextLineOf(json), TextLine(kTime, LogLevel::kInfo, "client_failed", fields));
  EXPECT_EQ(*TextLineOf("{\"schema\":1," + json.substr(1)), *TextLineOf(json));
  for (const char* odd : {"", "7", "{}", "[1]", R"({"event":3})"})
    EXPECT_THAT(TextLineOf(odd), Fails(Code::kInvalidArgument, "no event")) << odd;
  EXPECT_EQ(*ParseLogTime("2026-03-01T09:30:00.123456Z"), kTime);
  EXPECT_EQ(*ParseLogTime("2026-03-01T09:30:00Z"), kTime - 123'456);
  for (const char* odd :
       {"", "yesterday", "2026-03-01", "2026-03-01T09:30:00", "2026-03-01T09:30Z"})
    EXPECT_THAT(ParseLogTime(odd), Fails(Code::kInvalidArgument, "no time")) << odd;
}

TEST(RecentEvents, KeepTheNewestOfEveryLevel) {
  RecentEvents recent(3, 1 << 20);
  LogOptions options;
  options.level = "error";  // of what is written; what is kept is another thing
  const auto log = Log::Open(options);
  ASSERT_THAT(log, IsOk());
  (*log)->KeepIn(&recent);
  int heard = 0;
  const int64_t listener = recent.Listen([&heard] { ++heard; });
  for (int64_t i = 1; i <= 5; ++i)
    (*log)->Debug("stage_opened", {{"run", i % 2 == 1 ? "a" : "b"}, {"round", i}});
  recent.Forget(listener);
  (*log)->Info("coordinator_started");
  EXPECT_EQ(heard, 5);
  const auto events = recent.After(0, 10);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].number, 4);
  EXPECT_EQ(events[0].run, "b");
  EXPECT_EQ(events[2].name, "coordinator_started");
  EXPECT_EQ(recent.After(4, 1).front().number, 5);
  EXPECT_TRUE(recent.After(6, 10).empty());
  const auto any = [](std::string_view name) { return name == "stage_opened"; };
  EXPECT_EQ(recent.Count("a", any), 1);
  RecentEvents small(1000, 200);
  for (int i = 0; i < 50; ++i) small.Add(kTime, LogLevel::kInfo, "an_event", {{"run", "a"}});
  EXPECT_LE(small.After(0, 100).size(), 3U);
  EXPECT_EQ(small.After(0, 100).back().number, 50);
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
