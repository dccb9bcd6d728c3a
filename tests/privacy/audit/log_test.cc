// A chained log: what it keeps, and that whatever is done to it later is found and named.

#include "privacy/audit/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "privacy/audit/verify.h"
#include "tests/support/scratch.h"

namespace tributary::audit {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
namespace fs = std::filesystem;

class AuditLog : public testing::Test {
 protected:
  // `lines` lines in segments of three or so.
  void Fill(int lines) {
    auto log = Log::Open(Dir(), {600});
    ASSERT_TRUE(log.has_value()) << log.error().message;
    for (int i = 0; i < lines; ++i)
      ASSERT_TRUE((*log)->Append({{"what", "upload"}, {"bytes", i}, {"share", 0.1 * i}}));
  }
  fs::path Dir() const { return scratch_.path() / "log"; }
  fs::path Segment(int64_t number) const { return SegmentFile(Dir(), number); }
  std::string Fault() const {
    const auto verified = Verify(Dir());
    return verified ? "none" : verified.error().message;
  }
  void Edit(int64_t segment, const std::function<void(std::vector<std::string>&)>& edit) const {
    std::vector<std::string> lines;
    const std::string text = ReadFile(Segment(segment)).value();
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    edit(lines);
    std::string edited;
    for (const std::string& line : lines) edited += line + "\n";
    ASSERT_TRUE(WriteFile(Segment(segment), edited));
  }

  ScratchDirectory scratch_;
};

TEST_F(AuditLog, IsOneChainOverItsSegments) {
  Fill(10);
  const auto verified = Verify(Dir());
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_EQ(verified->lines, 10);
  EXPECT_EQ(verified->head.seq, 10);
  EXPECT_GT(verified->segments, 2);
  // Each segment opens with its predecessor's last hash.
  const auto first = Verify(Segment(1)), second = Verify(Segment(2));
  EXPECT_EQ(first->before, Head());
  EXPECT_EQ(second->before, first->head);
}

TEST_F(AuditLog, GoesOnWhereItStopped) {
  for (int i = 0; i < 4; ++i) Fill(2);
  EXPECT_EQ(Verify(Dir())->lines, 8);
}

// The formula of entry.h, by hand.
TEST_F(AuditLog, HashesPrevHashAndTheOtherFieldsInOrder) {
  Fill(2);
  const std::string text = ReadFile(Segment(1)).value();
  const size_t end = text.find('\n');
  Json first = Json::parse(text.substr(0, end));
  Json second = Json::parse(text.substr(end + 1));
  EXPECT_EQ(second["prev_hash"], first["hash"]);
  EXPECT_EQ(first["prev_hash"], std::string(64, '0'));
  EXPECT_EQ(second["hash"],
            Sha256(first["hash"].get<std::string>() +
                   fmt::format(R"({{"bytes":1,"seq":2,"share":0.1,"time":{},"what":"upload"}})",
                               second["time"].dump()))
                .Hex());
}

TEST_F(AuditLog, EveryChangedByteIsFound) {
  Fill(2);
  const std::string good = ReadFile(Segment(1)).value();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    ASSERT_TRUE(WriteFile(Segment(1), bad));
    const auto verified = Verify(Dir());
    EXPECT_EQ(verified ? Code::kOk : verified.error().code, Code::kDataLoss) << "byte " << i;
  }
}

TEST_F(AuditLog, AChangeIsNamedWithFileAndLine) {
  Fill(10);
  Edit(2, [](auto& lines) { lines[1].replace(lines[1].find("upload"), 6, "nothin"); });
  EXPECT_THAT(Fault(), HasSubstr("segment-000002.jsonl:2: its content gives hash"));
}

TEST_F(AuditLog, ALineThatIsMissingRepeatedOrMovedIsFound) {
  Fill(10);
  const fs::path file = Segment(2);
  const std::string good = ReadFile(file).value();
  Edit(2, [](auto& lines) { lines.erase(lines.begin()); });
  EXPECT_THAT(Fault(), HasSubstr("segment-000002.jsonl:1: seq"));
  ASSERT_TRUE(WriteFile(file, good));
  Edit(2, [](auto& lines) { lines.insert(lines.begin(), lines[0]); });
  EXPECT_THAT(Fault(), HasSubstr("segment-000002.jsonl:2: seq"));
  ASSERT_TRUE(WriteFile(file, good));
  Edit(2, [](auto& lines) { std::swap(lines[0], lines[1]); });
  EXPECT_THAT(Fault(), HasSubstr("lines are missing or out of order"));
}

TEST_F(AuditLog, AForgedLineOfAnotherChainIsFound) {
  Fill(10);
  Edit(1, [](auto& lines) {
    Head head{1, Sha256("elsewhere")};
    lines[1] = MakeLine({{"what", "nothing"}}, &head);
    lines[1].pop_back();
  });
  EXPECT_THAT(Fault(), HasSubstr("segment-000001.jsonl:2: prev_hash is"));
}

TEST_F(AuditLog, ACutEndIsFoundAndNotWrittenOn) {
  Fill(10);
  const auto verified = Verify(Dir());
  fs::remove(Segment(verified->segments));
  EXPECT_THAT(Fault(), HasSubstr("says that seq 10 was written: the end was cut"));
  EXPECT_EQ(Log::Open(Dir()).error().code, Code::kDataLoss);
}

TEST_F(AuditLog, AMissingSegmentIsNamed) {
  Fill(10);
  fs::remove(Segment(1));
  EXPECT_THAT(Fault(), HasSubstr("segment-000001.jsonl: is missing"));
}

TEST_F(AuditLog, AnEndThatWasWrittenAnewIsFound) {
  Fill(10);
  const auto last = Verify(Dir())->segments;
  Edit(last, [](auto& lines) {
    Head head = HeadBefore(lines.back()).value();
    lines.back() = MakeLine({{"what", "nothing"}}, &head);
    lines.back().pop_back();
  });
  EXPECT_THAT(Fault(), HasSubstr("it was replaced"));
}

TEST_F(AuditLog, ATornLastLineIsDroppedAndSaid) {
  Fill(4);
  const Verified whole = Verify(Dir()).value();
  const fs::path file = Segment(whole.segments);
  ASSERT_TRUE(WriteFile(file, ReadFile(file).value() + "{\"bytes\":4,\"ha"));
  EXPECT_EQ(Verify(Dir())->torn_bytes, 14);
  {
    const auto log = Log::Open(Dir());
    ASSERT_TRUE(log.has_value()) << log.error().message;
    EXPECT_THAT((*log)->notice(), HasSubstr("dropped 14 bytes of a last line that was torn"));
    ASSERT_TRUE((*log)->Append({{"what", "offer"}}));
  }
  const auto verified = Verify(Dir());
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_EQ(verified->lines, 5);
  EXPECT_EQ(verified->torn_bytes, 0);
}

TEST_F(AuditLog, ALineWithoutItsHeadIsWhatACrashLeaves) {
  Fill(3);
  const std::string head = ReadFile(HeadFile(Dir())).value();
  Fill(1);
  ASSERT_TRUE(WriteFile(HeadFile(Dir()), head));
  EXPECT_EQ(Fault(), "none");
  Fill(1);
  EXPECT_EQ(Verify(Dir())->lines, 5);
}

TEST_F(AuditLog, BytesThatAreNoTextAreReplacedBeforeTheyAreHashed) {
  auto log = Log::Open(Dir());
  ASSERT_TRUE((*log)->Append({{"why", "caf\xe9"}}));
  EXPECT_EQ(Fault(), "none");
}

TEST_F(AuditLog, AFullDiskLeavesAGoodChain) {
  SmallDisk disk(64 << 10);
  const fs::path directory = disk.path() / "log";
  int64_t kept = 0;
  {
    auto log = Log::Open(directory);
    ASSERT_TRUE(log.has_value());
    Status status;
    for (int i = 0; i < 1000 && status; ++i) {
      status = (*log)->Append({{"what", std::string(300, 'x')}});
      kept += status.has_value();
    }
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, Code::kResourceExhausted) << status.error().message;
  }
  disk.MakeRoom();
  const auto verified = Verify(directory);
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  EXPECT_GE(verified->lines, kept);
}

}  // namespace
}  // namespace tributary::audit
