// `--format json`: of every command one object, with its schema, and nothing else on stdout.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

const Settings kRun = {"adapter.method=fedit", "federation.cohort=2", "federation.minimum=2",
                       "federation.rounds=1", "evaluation.on=clients"};

void ExpectsOneObject(const Outcome& outcome, const std::vector<std::string>& asked) {
  SCOPED_TRACE(testing::PrintToString(asked) + "\n" + outcome.All());
  EXPECT_EQ(outcome.code, 0);
  const auto json = nlohmann::json::parse(outcome.out, nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_TRUE(json.contains("schema"));
}

TEST(Format, JsonIsOneObjectWithASchema) {
  LiveFederation live(2);
  live.StartAll();
  const SmallWorld& world = live.world();
  const std::string run = live.Submit(kRun), config = world.File("coordinator.toml");
  const std::vector<std::vector<std::string>> of_the_coordinator = {
      {"wait", run},
      {"runs"},
      {"status", run},
      {"rounds", run},
      {"clients", run},
      {"certs", "invite", "--site", "site-9"},
      {"certs", "list"},
      {"certs", "renew"},
      {"export", run, "--model", world.File("model"), "--out", world.File("exported")},
      {"pause", live.Submit({"federation.rounds=2", "evaluation.on=clients"})},
  };
  for (std::vector<std::string> asked : of_the_coordinator) {
    asked.insert(asked.end(), {"--format", "json"});
    ExpectsOneObject(live.Ask(asked), asked);
  }
  const std::vector<std::vector<std::string>> of_files = {
      {"verify", run, "--config", config},
      {"backup", config, "--out", world.File("backup/")},
      {"restore", world.File("backup"), "--check"},
      {"audit", "verify", world.File("state/default/audit")},
      {"certs", "init", config},
      {"doctor", config},
      {"check", world.File("federation.toml"), "--set", "federation.cohort=2"},
      {"methods"},
      {"inspect", world.File("model")},
      {"inspect", world.File("exported")},
      {"init", world.File("begun")},
      {"client", "join", live.Invite("site-8"), "--identity", world.File("site-8")},
      {"client", "request", "--identity", world.File("keys"), "--out", world.File("keys.pem")},
      {"data", "split", world.File("train.jsonl"), "--by", "client", "--out", world.File("split")},
  };
  for (std::vector<std::string> asked : of_files) {
    asked.insert(asked.end(), {"--format", "json"});
    ExpectsOneObject(RunProgram(asked), asked);
  }
}

}  // namespace
}  // namespace tributary
