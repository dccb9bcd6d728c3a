// What a live coordinator says over HTTP.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "aggregation/base/status.h"
#include "coordinator/monitor/metric_table.h"
#include "tests/e2e/scrape.h"
#include "tests/support/http_get.h"

namespace tributary {
namespace {

using testing::HasSubstr;
using testing::Not;

const Settings kRun = {"adapter.method=fedit", "federation.cohort=3",   "federation.minimum=3",
                       "federation.rounds=2",  "evaluation.on=clients", "evaluation.holdout=0.3"};

TEST(Monitor, TellsARunAsItGoes) {
  LiveFederation live(3, "[http]\nlisten = \"127.0.0.1:0\"\n");
  live.StartCoordinator();
  const int port = HttpPort(live);
  EXPECT_EQ(HttpGet(port, "/healthz").status, 200);
  EXPECT_EQ(HttpGet(port, "/readyz").body, "ready\n");
  EXPECT_EQ(ValueOf(Metrics(port), "tributary_rounds_total{outcome=\"committed\"}"), 0);

  const std::string run = live.Submit(kRun);
  std::string metrics = Metrics(port);
  EXPECT_EQ(ValueOf(metrics, "tributary_run_phase{phase=\"selecting\",run=\"" + run + "\"}"), 1);
  EXPECT_EQ(ValueOf(metrics, "tributary_clients{state=\"idle\"}"), 0);
  const auto waiting = nlohmann::json::parse(HttpGet(port, "/api/v1/runs/" + run).body);
  EXPECT_THAT(waiting["why"].get<std::string>(), HasSubstr("waits for clients"));

  for (int i = 0; i < 3; ++i) live.StartClient(i);
  ASSERT_EQ(live.Ask({"wait", run}).code, 0) << live.Said();
  metrics = Metrics(port);
  EXPECT_EQ(ValueOf(metrics, "tributary_rounds_total{outcome=\"committed\"}"), 2);
  EXPECT_EQ(ValueOf(metrics, "tributary_updates_accepted_total{task=\"train\"}"), 6);
  EXPECT_EQ(ValueOf(metrics, "tributary_connections_total{outcome=\"accepted\"}"), 3);
  EXPECT_EQ(ValueOf(metrics, "tributary_runs{phase=\"finished\"}"), 1);
  EXPECT_EQ(ValueOf(metrics, "tributary_phase_seconds_count{phase=\"aggregating\"}"), 5);
  EXPECT_GT(ValueOf(metrics, "tributary_upload_bytes_total"), 1000);
  EXPECT_GT(ValueOf(metrics, "tributary_download_bytes_total"), 1000);
  EXPECT_GT(ValueOf(metrics, "tributary_journal_append_seconds_count"), 10);
  // A run that has ended is a label no more, and a client never is one.
  EXPECT_THAT(metrics, Not(HasSubstr(run)));
  EXPECT_THAT(metrics, Not(HasSubstr("site-")));

  const auto rounds = nlohmann::json::parse(HttpGet(port, "/api/v1/runs/" + run + "/rounds").body);
  EXPECT_EQ(rounds["rounds"].size(), 3u);
  const auto runs = nlohmann::json::parse(HttpGet(port, "/api/v1/runs").body);
  EXPECT_EQ(runs["runs"][0]["phase"], "finished");
  EXPECT_EQ(HttpGet(port, "/api/v1/runs/none").status, 404);
}

std::set<std::string> NamesIn(const std::string& metrics) {
  std::set<std::string> names;
  const std::regex help("# HELP ([a-z_]+) ");
  for (std::sregex_iterator it(metrics.begin(), metrics.end(), help), end; it != end; ++it)
    names.insert((*it)[1]);
  return names;
}

TEST(Monitor, HasWhatItsTableSaysAndNothingElse) {
  LiveFederation live(3, "[http]\nlisten = \"127.0.0.1:0\"\n");
  live.StartAll();
  const int port = HttpPort(live);
  std::string metrics;
  const auto wait_for = [&](const auto& is_so) {
    for (int i = 0; i < 600 && !is_so(metrics = Metrics(port)); ++i) usleep(50'000);
  };
  wait_for(
      [](const std::string& m) { return ValueOf(m, "tributary_clients{state=\"idle\"}") == 3; });
  Settings open = kRun;
  open.push_back("federation.rounds=1000");
  const Settings secret = {"adapter.method=ffa-lora",    "federation.weighting=uniform",
                           "federation.cohort=2",        "federation.minimum=2",
                           "privacy.mode=central",       "privacy.noise=seeded",
                           "privacy.clip_norm=1",        "privacy.delta=0.01",
                           "privacy.noise_multiplier=1", "evaluation.on=test"};
  const std::string run = live.Submit(open);
  live.Submit(secret, "", {"--designated", "site-2"});
  std::set<std::string> listed;
  for (const auto& metric : monitor::MetricTable()) listed.insert(std::string(metric.name));
  wait_for([&](const std::string& m) { return NamesIn(m) == listed; });
  EXPECT_EQ(NamesIn(metrics), listed) << metrics << live.Said();
  EXPECT_THAT(metrics, HasSubstr("tributary_run_loss{of=\"training\",run=\"" + run + "\"}"));
  if (std::system("which promtool > /dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  WriteText(live.world().path() / "metrics", metrics);
  const std::string check = "promtool check metrics < " + live.world().File("metrics");
  EXPECT_EQ(std::system(check.c_str()), 0);
}

// --- the log ---

TEST(Log, TellsARunInStableWords) {
  LiveFederation live(3, "[log]\nformat = \"json\"\nlevel = \"debug\"\nfile = \"events\"\n");
  live.StartCoordinator();
  const std::string run = live.Submit(kRun);
  for (int i = 0; i < 3; ++i) live.StartClient(i);
  ASSERT_EQ(live.Ask({"wait", run}).code, 0) << live.Said();
  live.coordinator().Signal(SIGTERM);
  live.coordinator().Wait();
  EXPECT_EQ(live.coordinator().error(), ReadText(live.world().path() / "events"));
  std::map<std::string, int> events;
  std::istringstream lines(live.coordinator().error());
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    ++events[json["event"].get<std::string>()];
    if (json["event"] == "stage_committed" && json["task"] == "train") {
      EXPECT_GE(json["averaging_error"].get<double>(), 0) << line;
    }
    if (json["event"] == "stage_opened") {
      EXPECT_EQ(json["cohort"], 3) << line;
    }
    EXPECT_FALSE(json.contains("weight")) << line;
  }
  for (const char* once : {"coordinator_started", "run_submitted", "run_started", "run_finished",
                           "coordinator_stopping", "coordinator_stopped"})
    EXPECT_EQ(events[once], 1) << once;
  // A client's log is text: time, level, event.
  std::istringstream of_client(live.client(0).error());
  for (std::string line; std::getline(of_client, line);) {
    std::string time, level, event;
    std::istringstream(line) >> time >> level >> event;
    ++events[event];
  }
  const std::string manual = ReadText(TRIBUTARY_SOURCE_DIR "/docs/operating.md");
  for (const auto& [event, count] : events) {
    EXPECT_THAT(manual, HasSubstr("`" + event + "`"));
  }
  EXPECT_EQ(events["task_started"], 5);
  EXPECT_EQ(events["client_connected"], 3);
  EXPECT_EQ(events["stage_opened"], 5);
  EXPECT_EQ(events["update_accepted"], 15);
  EXPECT_EQ(events["stage_committed"], 5);
}

TEST(Monitor, AsksForTheTokenThatItWasGiven) {
  LiveFederation live(1, "[http]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"token\"\n");
  WriteText(live.world().path() / "token", "correct-horse-battery\n");
  std::filesystem::permissions(live.world().path() / "token", std::filesystem::perms(0600));
  live.StartCoordinator();
  const int port = HttpPort(live);
  for (const char* path : {"/metrics", "/api/v1/runs"}) {
    EXPECT_EQ(HttpGet(port, path).status, 401) << path;
    EXPECT_EQ(HttpGet(port, path, {"Authorization: Bearer correct-horse"}).status, 401) << path;
    EXPECT_EQ(HttpGet(port, path, {"Authorization: Bearer correct-horse-battery"}).status, 200);
  }
  EXPECT_EQ(HttpGet(port, "/healthz").status, 200);
  EXPECT_EQ(HttpGet(port, "/readyz").status, 200);
}

TEST(Monitor, IsNotLedAstray) {
  LiveFederation live(1, "[http]\nlisten = \"127.0.0.1:0\"\n");
  live.StartCoordinator();
  const int port = HttpPort(live);
  EXPECT_EQ(HttpGet(port, "/metrics", {"Host: rebound.example"}).status, 403);
  EXPECT_EQ(HttpGet(port, "/metrics", {"Host: 127.0.0.1.rebound.example"}).status, 403);
  EXPECT_EQ(HttpGet(port, "/metrics", {"Host: 127.0.0.1:" + std::to_string(port)}).status, 200);
  EXPECT_EQ(HttpGet(port, "/metrics", {}, "POST").status, 405);
  EXPECT_EQ(HttpGet(port, "/metrics", {}, "HEAD").body, "");
  EXPECT_EQ(HttpGet(port, "/../../etc/passwd").status, 404);
  EXPECT_EQ(HttpGet(port, "/nothing").status, 404);
}

TEST(Monitor, RefusesAnAddressThatOthersReach) {
  LiveFederation live(1, "[http]\nlisten = \"0.0.0.0:7342\"\n");
  live.StartCoordinator();
  const Outcome ended = live.coordinator().Wait();
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(live.Said(), HasSubstr("http.listen = \"0.0.0.0:7342\": only loopback"));
}

}  // namespace
}  // namespace tributary
