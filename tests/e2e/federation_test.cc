// Daemon, clients and simulate agree in bytes.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

class Agreement : public testing::TestWithParam<const char*> {};

TEST_P(Agreement, OfDaemonAndSimulationToTheByte) {
  LiveFederation live(3);
  live.StartAll();
  const Settings settings = {std::string("adapter.method=") + GetParam(),
                             "federation.cohort=3",
                             "federation.minimum=3",
                             "federation.rounds=3",
                             "evaluation.on=clients",
                             "evaluation.holdout=0.3"};
  const std::string run = live.Submit(settings);
  const Outcome wait = live.Ask({"wait", run});
  ASSERT_EQ(wait.code, 0) << wait.All() << live.Said();
  ASSERT_EQ(live.world().Simulate("simulated", settings).code, 0);
  const std::string ours = live.Adapter(run);
  EXPECT_GT(ours.size(), 1000u);
  EXPECT_TRUE(ours == live.world().Adapter("simulated"));
}

INSTANTIATE_TEST_SUITE_P(Methods, Agreement,
                         testing::Values("fedit", "flora", "fed-sb", "lora-fair"),
                         [](const auto& method) {
                           std::string name = method.param;
                           std::erase(name, '-');
                           return name;
                         });

// At the end each site has the adapter on its own disk, with its own parts where a method has such.
TEST(Sites, KeepTheAdapterOfARunThatHasEnded) {
  for (const char* method : {"fedit", "fedsa-lora"}) {
    LiveFederation live(2);
    live.StartAll();
    const std::string run = live.Submit(
        {std::string("adapter.method=") + method, "federation.cohort=2", "federation.minimum=2",
         "federation.rounds=2", "evaluation.on=clients", "evaluation.holdout=0.3"});
    ASSERT_EQ(live.Ask({"wait", run}).code, 0) << live.Said();
    std::vector<std::string> adapters;
    for (int site = 0; site < 2; ++site) {
      ASSERT_TRUE(live.client(site).WaitForError("adapter_kept run=" + run)) << live.Said();
      const std::string directory =
          live.world().File(fmt::format("client-{}/adapters/{}", site, run));
      adapters.push_back(ReadText(directory + "/adapter_model.safetensors"));
      const Outcome predict = RunProgram(
          {"predict", "--model", live.world().File("model"), "--adapter", directory}, "red blue\n");
      EXPECT_EQ(predict.code, 0) << predict.All();
    }
    const bool is_personal = std::string(method) == "fedsa-lora";
    EXPECT_EQ(adapters[0] == adapters[1], !is_personal);
    EXPECT_EQ(adapters[0] == live.Adapter(run), !is_personal);
  }
}

TEST(Coordinator, ReadsLevelAndRootsAnewAtSighup) {
  LiveFederation live(1);
  live.StartAll();
  ASSERT_TRUE(live.client(0).WaitForError("connected"));
  const auto file = live.world().path() / "coordinator.toml";
  WriteText(file, ReadText(file) + "[log]\nlevel = \"debug\"\n");
  live.coordinator().Signal(SIGHUP);
  EXPECT_TRUE(live.coordinator().WaitForError("upkeep_done")) << live.Said();
  WriteText(file, "listen = 7\n");  // what cannot be read changes nothing
  live.coordinator().Signal(SIGHUP);
  EXPECT_TRUE(live.coordinator().WaitForError("upkeep_failed")) << live.Said();
  EXPECT_EQ(live.Ask({"runs"}).code, 0);
}

}  // namespace
}  // namespace tributary
