// What a site sees of its own client: `tributary status --client`, and pages over HTTP.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "client/edge/view.h"
#include "tests/e2e/scrape.h"
#include "tests/support/http_get.h"

namespace tributary {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

const Settings kRun = {"adapter.method=fedit", "federation.cohort=2",   "federation.minimum=2",
                       "federation.rounds=2",  "evaluation.on=clients", "evaluation.holdout=0.3"};

class ClientStatus : public testing::Test {
 protected:
  ClientStatus() : live_(2) {
    live_.world().Edit("client-0.toml", "[data]", "[http]\nlisten = \"127.0.0.1:0\"\n[data]");
  }
  // Until site-0 says that.
  Json WaitFor(const std::function<bool(const Json&)>& is_so) {
    Json status;
    for (int i = 0; i < 60; ++i) {
      const Outcome said = Status("json");
      EXPECT_EQ(said.code, 0) << said.All() << live_.Said();
      status = Json::parse(said.out);
      if (is_so(status)) return status;
    }
    ADD_FAILURE() << status << live_.Said();
    return status;
  }
  Outcome Status(const std::string& format) const {
    return RunProgram({"status", "--client", "--config", live_.world().File("client-0.toml"),
                       "--format", format});
  }
  LiveFederation live_;
};

TEST_F(ClientStatus, SaysWhatItDoesAndWhatItHasDone) {
  live_.world().Edit("client-0.toml", "[http]", "[policy]\napprove = \"ask\"\n[http]");
  live_.StartAll();
  const std::string run = live_.Submit(kRun);
  const Json asks = WaitFor([](const Json& s) { return s["runs"].size() == 1; });
  EXPECT_EQ(asks["client"], "site-0");
  EXPECT_EQ(asks["connected"], true);
  EXPECT_EQ(asks["project"], "default");
  EXPECT_EQ(asks["device"], "cpu");
  EXPECT_GT(asks["certificate_expires"].get<int64_t>(), time(nullptr));
  WaitFor([](const Json& s) { return s["runs"][0]["standing"] == "pending approval"; });
  EXPECT_THAT(Status("text").out, HasSubstr("pending approval"));

  const std::string config = live_.world().File("client-0.toml");
  ASSERT_EQ(RunProgram({"client", "approve", run, "--config", config}).code, 0);
  ASSERT_EQ(live_.Ask({"wait", run}).code, 0) << live_.Said();
  const Json done = WaitFor([](const Json& s) { return s["runs"].empty(); });
  EXPECT_EQ(done["state"], "idle");
  EXPECT_GT(done["bytes_sent"].get<int64_t>(), 1000);
  EXPECT_GT(done["bytes_received"].get<int64_t>(), 1000);
  EXPECT_THAT(Status("text").out, HasSubstr("no run is under way"));
  EXPECT_THAT(live_.client(0).error(), Not(HasSubstr("verb=status"))) << "nothing was changed";
}

TEST_F(ClientStatus, PagesOverHttp) {
  live_.StartAll();
  const int port = HttpPort(live_.client(0));
  WaitForValue(port, "tributary_edge_connections_total{outcome=\"accepted\"}", 1);
  const std::string run = live_.Submit(kRun);
  WaitForValue(port, "tributary_edge_runs{standing=\"open\"}", 1);
  ASSERT_EQ(live_.Ask({"wait", run}).code, 0) << live_.Said();
  // Two rounds of training; evaluations before, between and after them.
  EXPECT_EQ(WaitForValue(port, "tributary_edge_tasks_total{reason=\"accepted\",task=\"train\"}", 2),
            2);
  const std::string metrics = Metrics(port);
  EXPECT_EQ(ValueOf(metrics, "tributary_edge_task_seconds_count{task=\"train\"}"), 2);
  EXPECT_GT(ValueOf(metrics, "tributary_edge_sent_bytes_total"), 1000);
  for (const auto& metric : edge::MetricTable())
    if (metric.name != "tributary_edge_runs") {
      EXPECT_THAT(metrics, HasSubstr("# HELP " + std::string(metric.name) + " "));
    }
  EXPECT_THAT(metrics, Not(HasSubstr(run)));
  EXPECT_EQ(HttpGet(port, "/healthz").status, 200);
  EXPECT_EQ(HttpGet(port, "/readyz").status, 200);
  EXPECT_EQ(Json::parse(HttpGet(port, "/api/v1/status").body)["client"], "site-0");
  EXPECT_EQ(HttpGet(port, "/other").status, 404);
  EXPECT_EQ(HttpGet(port, "/metrics", {"Host: rebound.example"}).status, 403);

  live_.coordinator().Signal(SIGKILL);
  WaitForValue(port, "tributary_edge_connections_total{outcome=\"lost\"}", 1);
  EXPECT_EQ(HttpGet(port, "/readyz").status, 503);
  EXPECT_EQ(ValueOf(Metrics(port), "tributary_edge_state{state=\"disconnected\"}"), 1);
  if (std::system("which promtool > /dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  WriteText(live_.world().path() / "metrics", metrics);
  const std::string check = "promtool check metrics < " + live_.world().File("metrics");
  EXPECT_EQ(std::system(check.c_str()), 0);
}

TEST_F(ClientStatus, WithoutAClient) {
  Outcome none = Status("text");
  EXPECT_NE(none.code, 0);
  EXPECT_THAT(none.err, HasSubstr("no client has run with"));
  live_.StartCoordinator();
  live_.StartClient(0);
  WaitFor([](const Json& s) { return s["connected"] == true; });
  live_.client(0).Signal(SIGTERM);
  live_.client(0).Wait();
  none = Status("text");
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no client runs with this configuration"));
  EXPECT_TRUE(std::filesystem::is_empty(live_.world().path() / "client-0/requests"));
  EXPECT_EQ(RunProgram({"status"}).code, 2);
}

}  // namespace
}  // namespace tributary
