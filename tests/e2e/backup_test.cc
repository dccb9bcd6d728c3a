// A backup of a coordinator that runs, and what becomes of a run that its clients know better.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::json;
namespace fs = std::filesystem;

const Settings kLong = {"federation.cohort=2", "federation.minimum=2", "federation.rounds=150",
                        "evaluation.on=clients", "evaluation.holdout=0.3"};

class Backup : public testing::Test {
 protected:
  Backup() {
    live_.world().Edit("client-2.toml", "train =", "test = \"test.jsonl\"\ntrain =");
    live_.StartAll();
  }

  std::string config() const { return live_.world().File("coordinator.toml"); }
  std::string backup() const { return live_.world().File("backup"); }
  Outcome Make() const { return RunProgram({"backup", config(), "--out", backup()}); }
  Outcome Restore(const Settings& more) const {
    std::vector<std::string> arguments = {"restore", backup(), config()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }
  Json Status(const std::string& run) const {
    return Json::parse(live_.Ask({"status", run, "--format", "json"}).out, nullptr, false);
  }
  // Until `holds` is true of the run's status, for at most two minutes.
  Json WaitFor(const std::string& run, const std::function<bool(const Json&)>& holds) const {
    for (int i = 0; i < 1200; ++i, usleep(100'000))
      if (const Json status = Status(run); status.is_object() && holds(status)) return status;
    ADD_FAILURE() << live_.Said();
    return {};
  }
  void KillAndRestore() {
    live_.coordinator().Signal(SIGKILL);
    live_.coordinator().Wait();
    const Outcome restored = Restore({"--replace"});
    ASSERT_EQ(restored.code, 0) << restored.All();
    EXPECT_THAT(restored.out, HasSubstr("incarnation 2"));
    live_.StartCoordinator();
  }

  LiveFederation live_{3};  // the third has the public rows
};

TEST_F(Backup, ARunThatClientsKnowBetterPausesAndGoesOnBehindWhatWasLost) {
  const std::string run = live_.Submit(kLong);
  WaitFor(run, [](const Json& s) { return s.value("checkpoint_round", 0) >= 1; });
  const Outcome made = Make();
  ASSERT_EQ(made.code, 0) << made.All();
  const int64_t then = Status(run)["checkpoint_round"].get<int64_t>();
  WaitFor(run, [&](const Json& s) { return s["checkpoint_round"].get<int64_t>() > then; });
  KillAndRestore();

  const Json paused = WaitFor(run, [](const Json& s) { return s["phase"] == "paused"; });
  EXPECT_THAT(paused["why"].get<std::string>(),
              AllOf(HasSubstr("rolled_back"), HasSubstr("older backup")));
  ASSERT_EQ(live_.Ask({"resume", run}).code, 0);
  WaitFor(run, [&](const Json& s) { return s["checkpoint_round"].get<int64_t>() > then; });
  ASSERT_EQ(live_.Ask({"stop", run}).code, 0);
  EXPECT_GT(live_.Adapter(run).size(), 1000u);
  EXPECT_THAT(live_.Submit(kLong), HasSubstr("-2.1"));  // an id that nobody has seen
  EXPECT_EQ(RunProgram({"audit", "verify", live_.world().File("state/default/audit")}).code, 0);
}

TEST_F(Backup, APrivateRunWaitsForAnOperatorAndIsChargedForWhatWasLost) {
  const std::string run =
      live_.Submit({"federation.cohort=2", "federation.minimum=2", "federation.rounds=150",
                    "federation.weighting=uniform", "adapter.method=ffa-lora",
                    "privacy.mode=central", "privacy.clip_norm=1", "privacy.delta=0.01",
                    "privacy.noise_multiplier=1", "evaluation.on=test", "evaluation.every=1000"},
                   "", {"--designated", "site-2"});
  WaitFor(run, [](const Json& s) { return s.value("checkpoint_round", 0) >= 1; });
  ASSERT_EQ(Make().code, 0);
  const auto charged = [&] { return Status(run)["charged"].get<int64_t>(); };
  const int64_t then = charged();
  WaitFor(run, [&](const Json& s) { return s["charged"].get<int64_t>() > then + 2; });
  KillAndRestore();
  WaitFor(run, [](const Json& s) { return s["phase"] == "paused"; });
  for (const char* site : {"site-0", "site-1"})
    ASSERT_TRUE(live_.coordinator().WaitForError(std::string("client_connected client=") + site));
  ASSERT_EQ(live_.Ask({"resume", run}).code, 0);
  EXPECT_GT(charged(), then + 2) << live_.Said();
}

TEST_F(Backup, IsReadBeforeItIsBelieved) {
  ASSERT_EQ(Make().code, 0);
  EXPECT_THAT(Make().err, HasSubstr("exists"));
  EXPECT_THAT(Restore({}).err, HasSubstr("--replace"));
  EXPECT_THAT(Restore({"--replace"}).err, HasSubstr("state.db"));  // it is being served
  live_.coordinator().Signal(SIGTERM);
  live_.coordinator().Wait();
  EXPECT_THAT(RunProgram({"restore", backup(), "--check"}).out, HasSubstr("all as they were"));

  fs::path changed;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(backup()) / "project"))
    if (entry.is_regular_file()) changed = entry.path();
  const std::string text = ReadText(changed);
  WriteText(changed, text + " ");
  EXPECT_THAT(Restore({"--replace"}).err, HasSubstr(changed.string()));
  WriteText(changed, text);
  WriteText(fs::path(backup()) / "project/more", "x");
  EXPECT_THAT(Restore({"--replace"}).err, HasSubstr("more: is not of the backup"));
  fs::remove(fs::path(backup()) / "project/more");
  WriteText(config(), "project = \"other\"\n" + ReadText(config()));
  EXPECT_THAT(Restore({"--replace"}).err, HasSubstr("is of project default"));
}

}  // namespace
}  // namespace tributary
