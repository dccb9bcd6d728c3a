// The dashboard in a real browser: what it shows of a run that has ended and of one that waits, and
// that words of clients stay words. With TRIBUTARY_SCREENSHOTS=DIRECTORY it also takes pictures, to
// be looked at.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "aggregation/base/status.h"
#include "tests/e2e/live_federation.h"
#include "tests/support/http_get.h"

namespace tributary {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "<img src=x onerror=document.title='owned'>";

class Dashboard : public testing::Test {
 protected:
  static constexpr int kClients = 4;

  void SetUp() override {
    if (std::system("which chromium > /dev/null") != 0)
      GTEST_SKIP() << "chromium is not installed: the dashboard was not looked at";
    // The last client's rows are not there, and its message says where they are not.
    live_.world().Edit("client-3.toml", "sites/site-3.jsonl", kHostile);
    live_.StartAll();
    const std::string said = "http://127.0.0.1:";
    TRIBUTARY_CHECK(live_.coordinator().WaitForError(said), live_.Said());
    const std::string text = live_.coordinator().error();
    port_ = std::atoi(text.c_str() + text.find(said) + said.size());
    while (live_.Said().find("client_connected client=site-3") == std::string::npos) usleep(10'000);
    ended_ = live_.Submit({"adapter.method=fedit", "federation.cohort=4", "federation.minimum=3",
                           "federation.rounds=6", "evaluation.on=clients", "evaluation.holdout=0.3",
                           "training.learning_rate=0.01"});
    TRIBUTARY_CHECK(live_.Ask({"wait", ended_}).code == 0, live_.Said());
    live_.client(3).Signal(SIGSTOP);
    waits_ = live_.Submit({"adapter.method=flora", "federation.cohort=4", "federation.minimum=2",
                           "evaluation.on=clients", "evaluation.holdout=0.3"});
    while (live_.Ask({"status", waits_}).out.find("waits for 1 of 4") == std::string::npos)
      usleep(10'000);
  }

  // The page of a run as it is after its scripts have run.
  std::string Dom(const std::string& run) {
    Browse(run, "--dump-dom > " + live_.world().File("dom"));
    return ReadText(live_.world().path() / "dom");
  }
  void Browse(const std::string& run, const std::string& more) {
    const std::string command = fmt::format(
        "timeout 60 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars "
        "--user-data-dir='{}' --virtual-time-budget=4000 'http://127.0.0.1:{}/#run={}' {} "
        "2> /dev/null",
        live_.world().File("browser"), port_, run, more);
    TRIBUTARY_CHECK(std::system(command.c_str()) == 0, command);
  }

  LiveFederation live_{kClients, "[http]\nlisten = \"127.0.0.1:0\"\n"};
  int port_ = 0;
  std::string ended_, waits_;
};

TEST_F(Dashboard, ShowsRunsClientsAndWhyItWaits) {
  const std::string ended = Dom(ended_);
  EXPECT_THAT(ended, HasSubstr("<h1 id=\"run-name\">" + ended_ + "</h1>"));
  EXPECT_THAT(ended, HasSubstr("ended: complete"));
  EXPECT_THAT(ended, HasSubstr("6 of 6"));
  EXPECT_THAT(ended, HasSubstr("<th class=\"\">site-0</th>"));
  EXPECT_THAT(ended, HasSubstr("class=\"link up\""));
  EXPECT_THAT(ended,
              Not(HasSubstr("id=\"loss\" role=\"img\" aria-label=\"Loss by round\"></canvas>")))
      << "Chart.js has not drawn";
  EXPECT_THAT(ended, HasSubstr("&lt;img src=x"));
  EXPECT_THAT(ended, Not(HasSubstr("<img")));
  EXPECT_THAT(ended, Not(HasSubstr("<title>owned")));
  const std::string waits = Dom(waits_);
  EXPECT_THAT(waits, HasSubstr("waits for 1 of 4 clients to report evaluate"));
  EXPECT_THAT(waits, HasSubstr("<li class=\"\">site-3</li>"));
  EXPECT_THAT(waits, HasSubstr("3 of 4 updates accepted (at least 2), 1 of 4 clients pending"));
  if (const char* directory = std::getenv("TRIBUTARY_SCREENSHOTS")) {
    const auto shoot = [&](const std::string& run, const std::string& name,
                           const std::string& how) {
      Browse(run, fmt::format("--screenshot='{}/{}.png' {}", directory, name, how));
    };
    const std::string dark = " --blink-settings=preferredColorScheme=0";
    shoot(ended_, "ended-light", "--window-size=1280,1500");
    shoot(ended_, "ended-dark", "--window-size=1280,1500" + dark);
    shoot(ended_, "ended-phone", "--window-size=390,2700");
    shoot(waits_, "waits-light", "--window-size=1280,1000");
  }
}

}  // namespace
}  // namespace tributary
