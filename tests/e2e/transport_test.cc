// One suite for every way in which messages move: handed over in one process, through a simulated
// network that loses, repeats, reorders and parts, and over gRPC with TLS between processes. What a
// run makes of its updates must not know which.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using Json = nlohmann::json;

constexpr int kClients = 3, kRounds = 3;

struct Ended {
  std::string adapter;  // its bytes
  Json rounds;          // one object each
};

// A way for messages. `is_killed`: the coordinator's side dies once in the middle.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Ended Run(const Settings& settings, bool is_killed) = 0;
};

class Simulated : public Transport {
 public:
  explicit Simulated(Settings network) : network_(std::move(network)) {}

  Ended Run(const Settings& settings, bool is_killed) override {
    const SmallWorld world(kClients);
    Settings all = settings;
    all.insert(all.end(), network_.begin(), network_.end());
    const std::string out = world.File("out");
    if (is_killed) {
      auto arguments = world.Command("simulate", all);
      arguments.insert(arguments.end(), {"--out", out, "--device", "cpu", "--format", "json"});
      StartedProgram program(arguments);
      EXPECT_TRUE(program.WaitForOutput("\"round\":1"));
      program.Signal(SIGKILL);
      program.Wait();
      const Outcome resumed = RunProgram({"simulate", "--resume", out, "--device", "cpu"});
      EXPECT_EQ(resumed.code, 0) << resumed.All();
    } else {
      const Outcome done = world.Simulate("out", all);
      EXPECT_EQ(done.code, 0) << done.All();
    }
    Ended ended{world.Adapter("out"), Json::array()};
    std::istringstream lines(ReadText(world.path() / "out/rounds.jsonl"));
    for (std::string line; std::getline(lines, line);) ended.rounds.push_back(Json::parse(line));
    return ended;
  }

 private:
  const Settings network_;
};

class Grpc : public Transport {
 public:
  Ended Run(const Settings& settings, bool is_killed) override {
    LiveFederation live(kClients);
    live.StartAll();
    for (int i = 0; i < kClients; ++i)  // a cohort is drawn from those who are there
      EXPECT_TRUE(live.client(i).WaitForError("connected")) << live.Said();
    const std::string run = live.Submit(settings);
    if (is_killed) {
      EXPECT_TRUE(live.coordinator().WaitForError("stage_opened run=" + run + " round=2"));
      live.coordinator().Signal(SIGKILL);
      live.coordinator().Wait();
      live.StartCoordinator();
    }
    const Outcome wait = live.Ask({"wait", run});
    EXPECT_EQ(wait.code, 0) << wait.All() << live.Said();
    const Outcome rounds = live.Ask({"rounds", run, "--format", "json"});
    return {live.Adapter(run), Json::parse(rounds.out)["rounds"]};
  }
};

struct Way {
  const char* name;
  std::function<std::unique_ptr<Transport>()> make;
};
const Way kWays[] = {
    {"InOneProcess", [] { return std::make_unique<Simulated>(Settings{}); }},
    {"SimulatedNetwork",
     [] {
       return std::make_unique<Simulated>(
           Settings{"network.loss=0.3", "network.duplication=0.3", "network.jitter=\"2s\"",
                    "network.parted_every=\"1m\"", "network.parted_for=\"20s\""});
     }},
    {"Grpc", [] { return std::make_unique<Grpc>(); }},
};

Settings PlanOf(const char* method) {
  return {std::string("adapter.method=") + method,
          fmt::format("federation.cohort={}", kClients),
          fmt::format("federation.minimum={}", kClients),
          fmt::format("federation.rounds={}", kRounds),
          "federation.deadline=\"3h\"",
          "evaluation.on=clients",
          "evaluation.holdout=0.3",
          "training.max_steps=4"};
}

const Ended& Reference(const std::string& method) {
  static std::map<std::string, Ended> known;
  if (!known.contains(method)) known[method] = kWays[0].make()->Run(PlanOf(method.c_str()), false);
  return known[method];
}

class TransportConformance : public testing::TestWithParam<Way> {
 protected:
  void ExpectAsEverywhere(const Ended& ended, const std::string& method) {
    const Ended& reference = Reference(method);
    EXPECT_GT(ended.adapter.size(), 1000u);
    EXPECT_TRUE(ended.adapter == reference.adapter) << "other bytes of " << method;
    ASSERT_EQ(ended.rounds.size(), kRounds + 1) << ended.rounds;
    for (size_t i = 0; i <= kRounds; ++i)
      for (const char* key : {"round", "selected", "reported", "train_loss", "loss", "accuracy",
                              "averaging_error", "bytes_up"})
        EXPECT_EQ(ended.rounds[i][key], reference.rounds[i][key]) << key << " of round " << i;
  }
};

// Each update that a client offers counts, and counts once, whatever was said twice or again.
TEST_P(TransportConformance, TheSameUpdatesCountAndGiveTheSameBytes) {
  for (const char* method : {"fedit", "flora"})
    ExpectAsEverywhere(GetParam().make()->Run(PlanOf(method), false), method);
}

TEST_P(TransportConformance, AlsoWhenTheCoordinatorDiesInBetween) {
  ExpectAsEverywhere(GetParam().make()->Run(PlanOf("fedit"), true), "fedit");
}

// A weighted mean knows the order of its sum; cohorts are drawn by name, not by who was first.
TEST_P(TransportConformance, TheSameClientsAreAsked) {
  Settings plan = PlanOf("fedit");
  plan[1] = "federation.cohort=2", plan[2] = "federation.minimum=2";
  static std::optional<Ended> reference;
  const Ended ended = GetParam().make()->Run(plan, false);
  if (!reference) reference = kWays[0].make()->Run(plan, false);
  EXPECT_TRUE(ended.adapter == reference->adapter);
}

TEST(SimulatedNetwork, LosesMessagesAndTime) {
  const auto virtual_seconds = [](const Way& way) {
    double sum = 0;
    for (const Json& round : way.make()->Run(PlanOf("fedit"), false).rounds)
      sum += round["virtual_seconds"].get<double>();
    return sum;
  };
  EXPECT_GT(virtual_seconds(kWays[1]), 2 * virtual_seconds(kWays[0]));
}

INSTANTIATE_TEST_SUITE_P(Ways, TransportConformance, testing::ValuesIn(kWays),
                         [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace tributary
