// A site that lacks the base model gets it from the coordinator, if both want that.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "client/model/directory.h"
#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const Settings kRun = {"federation.cohort=2", "federation.minimum=2",  "adapter.method=fedit",
                       "federation.rounds=2", "evaluation.on=clients", "evaluation.holdout=0.3"};

class OfferedModel : public testing::Test {
 protected:
  explicit OfferedModel(const std::string& more = "[models]\noffered = [\"model\"]\n")
      : live_(2, more) {}
  // site-0 has no model of its own, and these lines before its data.
  void TakeItsModel(const std::string& more) {
    live_.world().Edit("client-0.toml", "models = [\"model\"]", "models = []");
    live_.world().Edit("client-0.toml", "[data]", more + "\n[data]");
  }
  std::string Digest() const {
    return model::OpenDirectory(live_.world().path() / "model")->digest.Hex();
  }
  std::string Listed() const { return "[policy]\nmodels = [\"" + Digest() + "\"]"; }
  // Since site-0's client was started.
  int64_t Received() const {
    const Outcome said = RunProgram({"status", "--client", "--config",
                                     live_.world().File("client-0.toml"), "--format", "json"});
    EXPECT_EQ(said.code, 0) << said.All();
    return nlohmann::json::parse(said.out)["bytes_received"].get<int64_t>();
  }
  fs::path Fetched() const { return live_.world().path() / "client-0/base-models" / Digest(); }
  int64_t Size() const {
    return static_cast<int64_t>(fs::file_size(live_.world().path() / "model/model.safetensors"));
  }
  LiveFederation live_;
};

TEST_F(OfferedModel, IsFetchedOnceAndGivesTheSameBytes) {
  TakeItsModel(Listed());
  live_.StartAll();
  for (int turn = 0; turn < 2; ++turn) {
    const std::string run = live_.Submit(kRun);
    const Outcome wait = live_.Ask({"wait", run});
    ASSERT_EQ(wait.code, 0) << wait.All() << live_.Said();
    if (turn == 0) {
      ASSERT_EQ(live_.world().Simulate("simulated", kRun).code, 0);
    }
    EXPECT_TRUE(live_.Adapter(run) == live_.world().Adapter("simulated"));
    for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"})
      EXPECT_EQ(ReadText(Fetched() / file), ReadText(live_.world().path() / "model" / file))
          << file;
    if (turn == 0)
      EXPECT_GT(Received(), Size());
    else
      EXPECT_LT(Received(), Size());
    live_.client(0).Signal(SIGTERM);
    live_.client(0).Wait();
    live_.StartClient(0);
  }
}

TEST_F(OfferedModel, GoesOnWhereTheDownloadStopped) {
  live_.world().WidenModel(40);  // 50 MB
  TakeItsModel(Listed());
  live_.StartAll();
  const std::string run = live_.Submit(kRun);
  const fs::path part = Fetched().string() + ".part/model.safetensors.part";
  std::error_code error;
  while (!fs::exists(part, error) || fs::file_size(part, error) < (4u << 20)) usleep(1000);
  live_.client(0).Signal(SIGKILL);
  live_.client(0).Wait();
  const auto before = static_cast<int64_t>(fs::file_size(part, error));
  EXPECT_LT(before, Size());
  live_.StartClient(0);
  const Outcome wait = live_.Ask({"wait", run});
  ASSERT_EQ(wait.code, 0) << wait.All() << live_.Said();
  EXPECT_LT(Received(), Size() - before / 2);
  EXPECT_FALSE(fs::exists(Fetched().string() + ".part"));
}

TEST_F(OfferedModel, IsFetchedAgainWhenItWasDamaged) {
  TakeItsModel(Listed());
  live_.StartAll();
  const auto run = [&] {
    const Outcome wait = live_.Ask({"wait", live_.Submit(kRun)});
    ASSERT_EQ(wait.code, 0) << wait.All() << live_.Said();
  };
  run();
  live_.client(0).Signal(SIGTERM);
  live_.client(0).Wait();
  fs::resize_file(Fetched() / "model.safetensors", 1000);
  live_.StartClient(0);
  run();
  EXPECT_EQ(static_cast<int64_t>(fs::file_size(Fetched() / "model.safetensors")), Size());
}

TEST_F(OfferedModel, IsNotFetchedUnlessThePolicyNamesIt) {
  TakeItsModel("");
  live_.StartAll();
  const std::string run = live_.Submit(kRun);
  EXPECT_TRUE(live_.client(0).WaitForError("what policy.models lists is fetched")) << live_.Said();
  EXPECT_FALSE(fs::exists(Fetched()));
}

TEST_F(OfferedModel, OfMoreThanTheQuotaIsDeclined) {
  TakeItsModel("[cache]\nmodels_quota = \"1kB\"\n" + Listed());
  live_.StartAll();
  const std::string run = live_.Submit(kRun);
  EXPECT_TRUE(live_.client(0).WaitForError("cache.models_quota")) << live_.Said();
}

class NothingOffered : public OfferedModel {
 protected:
  NothingOffered() : OfferedModel("") {}
};

TEST_F(NothingOffered, TheSiteDeclines) {
  TakeItsModel(Listed());
  live_.StartAll();
  const std::string run = live_.Submit(kRun);
  EXPECT_TRUE(live_.client(0).WaitForError("the run needs the base model")) << live_.Said();
}

TEST(Offering, WhatIsNoModelIsRefusedAtTheStart) {
  LiveFederation live(1, "[models]\noffered = [\"sites\"]\n");
  live.StartCoordinator();
  const Outcome ended = live.coordinator().Wait();
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("models.offered"));
  EXPECT_THAT(ended.err, HasSubstr("config.json"));
}

}  // namespace
}  // namespace tributary
