// The site has the last word: its policy and its people decide, and the operator reads why.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Two sites, both needed in every round.
class SitePolicy : public testing::Test {
 protected:
  SitePolicy() : live_(2) {}

  void SetPolicy(int client, const std::string& policy) {
    const auto file = live_.world().path() / fmt::format("client-{}.toml", client);
    WriteText(file, ReadText(file) + "[policy]\n" + policy + "\n");
  }
  std::string Submit(int rounds = 2) {
    return live_.Submit({"federation.cohort=2", "federation.minimum=2",
                         fmt::format("federation.rounds={}", rounds), "evaluation.on=clients",
                         "evaluation.holdout=0.3"});
  }
  // Asks until the answer holds `text`, for at most half a minute.
  bool Shows(const std::string& command, const std::string& run, const std::string& text) {
    for (int i = 0; i < 600; ++i) {
      shown_ = live_.Ask({command, run}).All();
      if (shown_.find(text) != std::string::npos) return true;
      usleep(50'000);
    }
    return false;
  }
  Outcome Tell(int client, const std::string& verb, const std::string& run,
               const std::string& format = "text") {
    return RunProgram({"client", verb, run, "--config",
                       live_.world().File(fmt::format("client-{}.toml", client)), "--format",
                       format});
  }

  // What the site has sent is in its journal, which is whole; a changed byte is found.
  void ExpectJournal(const std::string& client, const std::string& run) {
    const std::string journal = live_.world().File(client + "/sent");
    const Outcome whole = RunProgram({"audit", "verify", journal});
    EXPECT_EQ(whole.code, 0) << whole.All();
    const std::string segment = journal + "/segment-000001.jsonl";
    const std::string text = ReadText(segment);
    for (const char* what :
         {R"("what":"hello")", R"("standing":"pending approval")", R"("what":"failure")",
          R"("what":"upload")", R"("what":"offer")", R"("round":2)", R"("metrics":{"bytes_down":)"})
      EXPECT_THAT(text, HasSubstr(what)) << run;
    std::string changed = text;
    changed[changed.find("pending")] = 'P';
    WriteText(segment, changed);
    const Outcome found = RunProgram({"audit", "verify", journal});
    EXPECT_NE(found.code, 0);
    EXPECT_THAT(found.err, HasSubstr("it was changed"));
  }

  LiveFederation live_;
  std::string shown_;
};

TEST_F(SitePolicy, DeclinesWithAReasonThatTheOperatorReads) {
  SetPolicy(1, "max_rank = 2");
  live_.StartAll();
  const std::string run = Submit();
  EXPECT_TRUE(Shows("clients", run, "rank 4 is above policy.max_rank 2")) << shown_ << live_.Said();
  EXPECT_TRUE(Shows("clients", run, "outside the site's policy")) << shown_;
  EXPECT_TRUE(Shows("status", run, "site-1: outside the site's policy: rank 4")) << shown_;
}

TEST_F(SitePolicy, TakesPartOnceSomebodyApproves) {
  SetPolicy(1, "approve = \"ask\"");
  live_.StartAll();
  const std::string run = Submit();
  ASSERT_TRUE(Shows("clients", run, "pending approval")) << shown_ << live_.Said();
  ASSERT_TRUE(Shows("status", run, "site-1: pending approval")) << shown_ << live_.Said();
  const Outcome approve = Tell(1, "approve", run);
  EXPECT_EQ(approve.code, 0) << approve.All();
  EXPECT_THAT(approve.out, HasSubstr(run + ": approved"));
  const Outcome wait = live_.Ask({"wait", run});
  EXPECT_EQ(wait.code, 0) << wait.All() << live_.Said();
  ExpectJournal("client-1", run);
}

TEST_F(SitePolicy, ChangedDataWaitForApproval) {
  live_.StartAll();
  const std::string run = Submit(500);
  ASSERT_TRUE(Shows("clients", run, "accepted")) << shown_ << live_.Said();
  const auto rows = live_.world().path() / "sites/site-1.jsonl";
  const std::string text = ReadText(rows);
  WriteText(rows, text + text.substr(0, text.find('\n') + 1));
  ASSERT_TRUE(Shows("clients", run, "pending approval")) << shown_ << live_.Said();
  EXPECT_TRUE(Shows("clients", run, "the site's data have changed since the run began there"))
      << shown_ << live_.Said();
  const Outcome approve = Tell(1, "approve", run, "json");
  EXPECT_THAT(approve.out, HasSubstr("approved, with the changed data"));
  EXPECT_EQ(nlohmann::json::parse(approve.out)["effective"], true) << approve.All();
  EXPECT_TRUE(Shows("clients", run, "accepted")) << shown_ << live_.Said();
  EXPECT_EQ(live_.Ask({"stop", run}).code, 0);
}

TEST_F(SitePolicy, ApprovalAndWithdrawalOutliveTheClient) {
  SetPolicy(1, "approve = \"ask\"");
  live_.StartAll();
  const std::string run = Submit();
  ASSERT_TRUE(Shows("clients", run, "pending approval")) << shown_ << live_.Said();
  live_.client(1).Signal(SIGKILL);
  live_.client(1).Wait();
  const Outcome withdraw = Tell(1, "withdraw", run);
  EXPECT_EQ(withdraw.code, 0) << withdraw.All();
  EXPECT_THAT(withdraw.out, HasSubstr("takes effect when it is next started"));
  live_.StartClient(1);
  EXPECT_TRUE(Shows("clients", run, "withdrawn")) << shown_ << live_.Said();
  EXPECT_TRUE(live_.client(1).WaitForError("0 updates of it that the run has counted"));
  const Outcome approve = Tell(1, "approve", run);
  EXPECT_NE(approve.code, 0);
  EXPECT_THAT(approve.err, HasSubstr("has withdrawn from this run, which is for good"));
  EXPECT_THAT(Tell(0, "approve", "no-such-run").err, HasSubstr("knows no run \"no-such-run\""));
}

// What the dry run shows is what an update is.
TEST_F(SitePolicy, ADryRunShowsWhatWouldBeSent) {
  SetPolicy(0, "approve = \"ask\"\nmetrics = \"none\"");
  const Outcome check = live_.world().Check({"federation.cohort=2"});
  const size_t at = check.out.find("digest = \"");
  ASSERT_NE(at, std::string::npos);
  live_.world().Edit("federation.toml", "path = \"model\"",
                     "path = \"model\"\nlabels = [\"blue\", \"green\", \"red\"]\n" +
                         check.out.substr(at, 10 + 64 + 1) +
                         "\n[evaluation]\non = \"clients\"\nholdout = 0.3");
  const Outcome dry = RunProgram({"client", live_.world().File("client-0.toml"), "--dry-run",
                                  "--plan", live_.world().File("federation.toml")});
  ASSERT_EQ(dry.code, 0) << dry.All();
  for (const char* line :
       {"7 rows to train on, 3 held out", "train (2 steps; one was done)",
        "refuses it: waits for the site's approval", "lora_A", "[4, 32]", "weight 7", "no metrics",
        "policy.metrics is none", "sends: nothing but the reason"})
    EXPECT_THAT(dry.out, HasSubstr(line));
}

}  // namespace
}  // namespace tributary
