// The coordinator's audit log: what it tells, that it goes on after kill -9, and that whoever
// changes it is found (T-AUD).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

class Audit : public testing::Test {
 protected:
  std::filesystem::path directory() const { return live_.world().path() / "state/default/audit"; }
  std::filesystem::path segment() const { return directory() / "segment-000001.jsonl"; }
  std::vector<Json> Lines() const {
    std::vector<Json> lines;
    std::istringstream in(ReadText(segment()));
    for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
    return lines;
  }
  // Those of one action.
  std::vector<Json> Of(const std::string& action) const {
    std::vector<Json> found;
    for (const Json& line : Lines())
      if (line["action"] == action) found.push_back(line);
    return found;
  }
  Outcome Verify() const { return RunProgram({"audit", "verify", directory().string()}); }
  void Stop() {
    live_.coordinator().Signal(SIGTERM);
    EXPECT_EQ(live_.coordinator().Wait().code, 0) << live_.Said();
  }

  LiveFederation live_{2};
};

TEST_F(Audit, TellsWhoDidWhatInOneChainOverAKill) {
  live_.StartAll();
  const std::string run =
      live_.Submit({"federation.rounds=1", "federation.cohort=2", "federation.minimum=2",
                    "evaluation.on=clients", "evaluation.holdout=0.3"});
  ASSERT_EQ(live_.Ask({"wait", run}).code, 0) << live_.Said();
  EXPECT_NE(live_.Ask({"pause", run}).code, 0);  // it has ended
  EXPECT_NE(live_.Ask({"status", run, "--identity", live_.world().File("client-0/identity")}).code,
            0);
  live_.coordinator().Signal(SIGKILL);
  live_.coordinator().Wait();
  live_.StartCoordinator();
  ASSERT_EQ(live_.Ask({"certs", "revoke", "--site", "site-1"}).code, 0);
  Stop();

  EXPECT_THAT(Verify().out, HasSubstr("are one chain, from seq 1"));
  ASSERT_EQ(Of("Certificates/Invite").size(), 2u);
  const Json invite = Of("Certificates/Invite").front();
  EXPECT_EQ(invite["object"]["name"], "site-0");
  EXPECT_EQ(invite["actor"]["role"], "admin");
  EXPECT_FALSE(invite["actor"]["serial"].get<std::string>().empty());
  EXPECT_THAT(invite["actor"]["address"].get<std::string>(), HasSubstr("127.0.0.1"));
  EXPECT_EQ(Of("Enrollment/Enrol").size(), 2u);
  EXPECT_EQ(Of("run_submitted").at(0)["object"]["run"], run);
  EXPECT_EQ(Of("run_submitted").at(0)["object"]["plan"],
            Of("Admin/Submit").at(0)["object"]["plan"]);
  EXPECT_GE(Of("stage_opened").size(), 1u);
  EXPECT_EQ(Of("stage_opened").size(), Of("stage_committed").size());
  EXPECT_EQ(Of("run_finished").size(), 1u);
  EXPECT_EQ(Of("Admin/Control").at(0)["result"], "FAILED_PRECONDITION");
  EXPECT_EQ(Of("Admin/Status").at(0)["result"], "PERMISSION_DENIED");
  EXPECT_EQ(Of("Admin/Status").at(0)["actor"]["name"], "site-0");
  EXPECT_EQ(Of("run_found").size(), 1u);  // after the kill
  EXPECT_EQ(Of("Certificates/Revoke").at(0)["object"]["name"], "site-1");
  EXPECT_EQ(Of("coordinator_stopped").size(), 1u);
  EXPECT_THAT(ReadText(segment()), AllOf(Not(HasSubstr("\"weight\"")), Not(HasSubstr("FEDJOIN"))));
}

TEST_F(Audit, WhatWasChangedIsNamedAndNothingIsWrittenBehindIt) {
  live_.StartCoordinator();
  for (const char* name : {"a", "b", "c"}) live_.Invite(name);
  Stop();
  const std::string text = ReadText(segment());
  ASSERT_EQ(Verify().code, 0);

  std::string changed = text;
  changed.replace(changed.find("\"b\""), 3, "\"x\"");
  WriteText(segment(), changed);
  EXPECT_THAT(Verify().err, HasSubstr("it was changed"));
  StartedProgram refused({"coordinator", live_.world().File("coordinator.toml")});
  const Outcome outcome = refused.Wait();
  EXPECT_NE(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr(segment().string() + ":3"));

  const size_t second = text.find('\n') + 1, third = text.find('\n', second) + 1;
  WriteText(segment(), text.substr(0, second) + text.substr(third));
  EXPECT_THAT(Verify().err, HasSubstr("missing or out of order"));
  WriteText(segment(),
            text.substr(second, third - second) + text.substr(0, second) + text.substr(third));
  EXPECT_NE(Verify().code, 0);
  WriteText(segment(), text.substr(0, third));
  EXPECT_THAT(Verify().err, HasSubstr("the end was cut"));
  WriteText(segment(), text);
  EXPECT_EQ(Verify().code, 0);
}

}  // namespace
}  // namespace tributary
