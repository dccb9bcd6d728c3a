#include "coordinator/daemon/settings.h"

#include <gtest/gtest.h>

#include "aggregation/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::daemon {
namespace {

class CoordinatorSettings : public testing::Test {
 protected:
  Result<Settings> Read(const std::string& text) {
    EXPECT_THAT(WriteFile(scratch_.path() / "coordinator.toml", text), IsOk());
    return ReadSettings(scratch_.path() / "coordinator.toml");
  }
  ScratchDirectory scratch_;
};

TEST_F(CoordinatorSettings, LimitsHaveTheProjectsDefaults) {
  const auto settings = Read("");
  ASSERT_THAT(settings, IsOk());
  const Limits& limits = settings->limits;
  EXPECT_EQ(limits.uploads, 64);
  EXPECT_EQ(limits.uploads_per_client, 1);
  EXPECT_EQ(BytesOf(limits.message), int64_t{4} << 20);
  EXPECT_EQ(BytesOf(limits.upload_rate), 16 * 1024);
  EXPECT_EQ(limits.strangers_per_address, 4);
  EXPECT_EQ(limits.rejections, 3);
  EXPECT_EQ(limits.connection_age, std::chrono::hours(6));
}

TEST_F(CoordinatorSettings, LimitsAreReadAndBounded) {
  const auto settings = Read("[limits]\nuploads = 3\nupload_gap = \"5s\"\nheader = \"8KiB\"\n");
  ASSERT_THAT(settings, IsOk());
  EXPECT_EQ(settings->limits.uploads, 3);
  EXPECT_EQ(settings->limits.upload_gap, std::chrono::seconds(5));
  for (const auto& [line, fault] : std::vector<std::pair<std::string, std::string>>{
           {"message = \"8MiB\"", "limits.message = \"8MiB\""},
           {"message = \"large\"", "limits.message"},
           {"upload_quota = \"1KiB\"", "limits.upload_quota"},
           {"uploads = 0", "limits.uploads"},
           {"upload_gap = \"0s\"", "limits.upload_gap"},
           {"keepalive = \"100d\"", "limits.keepalive"},
           {"upload_gaps = \"1s\"", "upload_gap"}})
    EXPECT_THAT(Read("[limits]\n" + line + "\n"), Fails(Code::kInvalidArgument, fault)) << line;
}

}  // namespace
}  // namespace tributary::daemon
