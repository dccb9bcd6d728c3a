// Disks that are full and disks that break, under real processes.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/e2e/scrape.h"
#include "tests/support/http_get.h"

namespace tributary {
namespace {

using testing::HasSubstr;

const Settings kRun = {"federation.cohort=2", "federation.minimum=2",  "adapter.method=fedit",
                       "federation.rounds=3", "evaluation.on=clients", "evaluation.holdout=0.3"};

TEST(Disk, FullPausesTheRunAndSaysSo) {
  const SmallDisk disk(1 << 20);
  LiveFederation live(1, fmt::format("directory = \"{}\"\n[http]\nlisten = \"127.0.0.1:0\"\n",
                                     disk.path().string()));
  live.StartCoordinator();
  const int port = HttpPort(live);
  const std::string run = live.Submit({"federation.cohort=1", "federation.minimum=1",
                                       "evaluation.on=clients", "evaluation.holdout=0.3"});
  std::ofstream(disk.path() / "filler") << std::string(2 << 20, 'x');
  live.Ask({"pause", run});
  ASSERT_TRUE(live.coordinator().WaitForError("disk_full run=" + run)) << live.Said();
  const std::string metrics = Metrics(port);
  EXPECT_GE(ValueOf(metrics, "tributary_run_halts_total{code=\"RESOURCE_EXHAUSTED\"}"), 1);
  EXPECT_EQ(ValueOf(metrics, "tributary_run_phase{phase=\"halted\",run=\"" + run + "\"}"), 1);
  EXPECT_THAT(HttpGet(port, "/api/v1/runs/" + run).body, HasSubstr("\"phase\":\"halted\""));
  EXPECT_EQ(HttpGet(port, "/healthz").status, 200);
}

// With a disk that fails under the database as soon as `sign` exists.
std::vector<std::string> Breakable(const std::string& sign) {
  return {"LD_PRELOAD=" TRIBUTARY_FAILING_DISK, "TRIBUTARY_TEST_DISK_FAILS=" + sign};
}

class BrokenDisk : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "AddressSanitizer wants to be loaded first";
#endif
    ASSERT_EQ(live_.world().Simulate("undisturbed", kRun).code, 0);
  }
  void ExpectTheSameAdapter(const std::string& run) {
    const Outcome wait = live_.Ask({"wait", run});
    ASSERT_EQ(wait.code, 0) << wait.All() << live_.Said();
    EXPECT_TRUE(live_.Adapter(run) == live_.world().Adapter("undisturbed"));
  }
  LiveFederation live_{2};
  const std::string sign_ = live_.world().File("broken");
};

TEST_F(BrokenDisk, EndsTheCoordinatorWhichGoesOnWhenItIsStartedAgain) {
  if (IsSkipped()) return;
  live_.StartCoordinator(Breakable(sign_));
  const std::string run = live_.Submit(kRun);
  live_.Join(0);
  live_.Join(1);
  WriteText(sign_, "");
  live_.StartClient(0);
  live_.StartClient(1);
  const Outcome ended = live_.coordinator().Wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("store_failed"));
  std::filesystem::remove(sign_);
  live_.StartCoordinator();
  ExpectTheSameAdapter(run);
}

TEST_F(BrokenDisk, EndsAClientWhichGoesOnWhenItIsStartedAgain) {
  if (IsSkipped()) return;
  live_.StartCoordinator();
  live_.StartClient(0, Breakable(sign_));
  live_.StartClient(1);
  ASSERT_TRUE(live_.client(0).WaitForError("connected"));
  WriteText(sign_, "");
  const std::string run = live_.Submit(kRun);
  const Outcome ended = live_.client(0).Wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("journal_failed"));
  std::filesystem::remove(sign_);
  live_.StartClient(0);
  ExpectTheSameAdapter(run);
}

}  // namespace
}  // namespace tributary
