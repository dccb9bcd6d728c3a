// `tributary doctor` on machines where something is wrong, and where nothing is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "coordinator/identity/authority.h"
#include "proto/rpc/tls.h"
#include "tests/e2e/live_federation.h"
#include "tests/support/matchers.h"

namespace tributary {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Doctor : public testing::Test {
 protected:
  // Findings of one level, "check: found".
  static std::vector<std::string> Of(const Outcome& outcome, const std::string& level) {
    std::vector<std::string> found;
    const json document = json::parse(outcome.out, nullptr, false);
    EXPECT_TRUE(document.is_object()) << outcome.All();
    if (!document.is_object()) return found;
    EXPECT_EQ(document["schema"], 1);
    for (const json& finding : document["findings"]) {
      if (finding["level"] == "fault") {
        EXPECT_NE(finding["advice"], "") << finding;
      }
      if (finding["level"] == level)
        found.push_back(finding["check"].get<std::string>() + ": " +
                        finding["found"].get<std::string>());
    }
    return found;
  }
  Outcome Look(const std::string& file, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"doctor", live_.world().File(file), "--format", "json"});
    return RunProgram(more);
  }
  void ExpectFault(const std::string& file, const std::string& fault) const {
    const Outcome outcome = Look(file);
    EXPECT_EQ(outcome.code, 1) << outcome.All();
    EXPECT_THAT(Of(outcome, "fault"), testing::Contains(HasSubstr(fault)));
  }
  std::filesystem::path Path(const std::string& name) const { return live_.world().path() / name; }

  LiveFederation live_{1};
};

TEST_F(Doctor, FindsNothingWhereAllIsWell) {
  const Outcome before = Look("coordinator.toml");  // it does not run yet
  EXPECT_EQ(before.code, 0) << before.out;
  EXPECT_THAT(before.out, HasSubstr("free"));
  live_.StartAll();
  ASSERT_TRUE(live_.client(0).WaitForError("connected"));
  const Outcome coordinator = Look("coordinator.toml");
  EXPECT_EQ(coordinator.code, 0) << coordinator.out;
  EXPECT_THAT(
      Of(coordinator, "ok"),
      testing::IsSupersetOf({HasSubstr("versions: tributary "), HasSubstr("disk: "),
                             HasSubstr("certificate: issuing authority"),
                             HasSubstr("certificate: the coordinator's: 0 h old"),
                             HasSubstr("while the coordinator runs"), HasSubstr("clock: ")}));
  const Outcome client = Look("client-0.toml");
  EXPECT_EQ(client.code, 0) << client.out;
  EXPECT_EQ(json::parse(client.out)["kind"], "client");
  EXPECT_THAT(Of(client, "ok"),
              testing::IsSupersetOf({HasSubstr("configuration: "), HasSubstr("keys: "),
                                     HasSubstr("data: data.train: "), HasSubstr(": digest "),
                                     HasSubstr("training: libtorch"), HasSubstr("clock: "),
                                     HasSubstr("knows you as client site-0")}));
  EXPECT_THAT(live_.Said(), Not(HasSubstr("connection_lost"))) << "it disturbed the client";
  const Outcome own = RunProgram({"doctor"});
  EXPECT_EQ(own.code, 0) << own.All();
  EXPECT_THAT(own.out, AllOf(HasSubstr("admin admin"), HasSubstr("0 faults")));
}

TEST_F(Doctor, NamesWhatIsBrokenAtASite) {
  live_.StartAll();
  ASSERT_TRUE(live_.client(0).WaitForError("connected"));
  const auto tls = Path("client-0/identity/tls.pem");
  std::filesystem::permissions(tls, std::filesystem::perms(0644));
  ExpectFault("client-0.toml", "keys: " + tls.string());
  std::filesystem::permissions(tls, std::filesystem::perms(0600));
  EXPECT_EQ(Look("client-0.toml").code, 0);

  const std::string rows = live_.world().File("sites/site-0.jsonl");
  std::filesystem::rename(rows, rows + ".away");
  ExpectFault("client-0.toml", "data: data.train: " + rows);
  std::filesystem::rename(rows + ".away", rows);

  live_.world().Edit("client-0.toml", "\"model\"", "\"nowhere\"");
  ExpectFault("client-0.toml", "model: ");
  live_.world().Edit("client-0.toml", "\"nowhere\"", "\"model\"");

  live_.world().Edit("client-0.toml", "device = \"cpu\"", "device = \"cuda:77\"");
  ExpectFault("client-0.toml", "training: ");
  live_.world().Edit("client-0.toml", "device = \"cuda:77\"", "devise = \"cpu\"");
  ExpectFault("client-0.toml", "devise");
  live_.world().Edit("client-0.toml", "devise", "device");

  live_.coordinator().Signal(SIGTERM);
  live_.coordinator().Wait();
  ExpectFault("client-0.toml", "coordinator: 127.0.0.1:" + std::to_string(live_.port()));
  std::filesystem::remove_all(Path("client-0/identity"));
  ExpectFault("client-0.toml", "certificate: the site's: none in ");
}

TEST_F(Doctor, NamesAnExpiredCertificate) {
  live_.StartCoordinator();
  const auto authority = Path("of-then");
  const int64_t then = rpc::UnixNow() - 100 * 86'400;
  ASSERT_THAT(identity::MakeAuthority(authority, "default", then), IsOk());
  const auto issuer = identity::Issuer::Open(authority, "default");
  ASSERT_THAT(issuer, IsOk());
  ASSERT_THAT(identity::IssueHere(*issuer, Path("client-0/identity"), "default", "site-0", "client",
                                  {}, then),
              IsOk());
  ExpectFault("client-0.toml", "expired");
}

TEST_F(Doctor, NamesWhatIsBrokenAtTheCoordinator) {
  live_.StartCoordinator();
  live_.coordinator().Signal(SIGTERM);
  live_.coordinator().Wait();
  WriteText(Path("other.toml"),
            "directory = \"other\"\nlisten = \"127.0.0.1:" + std::to_string(live_.port()) + "\"\n");
  StartedProgram other({"coordinator", live_.world().File("other.toml"), "--insecure"});
  ASSERT_TRUE(other.WaitForError("coordinator_started")) << other.error();
  ExpectFault("coordinator.toml", "port: listen = ");
  other.Signal(SIGTERM);
  other.Wait();
  EXPECT_EQ(Look("coordinator.toml").code, 0);

  const auto key = Path("state/default/authority/issuer.key");
  std::filesystem::permissions(key, std::filesystem::perms(0640));
  ExpectFault("coordinator.toml", "keys: " + key.string());
  std::filesystem::permissions(key, std::filesystem::perms(0600));
  std::filesystem::permissions(Path("state/default"), std::filesystem::perms(0777));
  ExpectFault("coordinator.toml", "directory: ");
  std::filesystem::permissions(Path("state/default"), std::filesystem::perms(0700));
  live_.world().Edit("coordinator.toml", "listen = \"127.0.0.1:", "listen = \"192.0.2.1:");
  ExpectFault("coordinator.toml", "192.0.2.1");
  std::filesystem::remove_all(Path("state/default/authority"));
  ExpectFault("coordinator.toml", "authority: ");
}

TEST_F(Doctor, SaysWhatItCannotLookAt) {
  const Outcome missing = Look("nothing.toml");
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(Of(missing, "fault"), testing::Contains(HasSubstr("nothing.toml")));
  WriteText(Path("broken.toml"), "listen = \n");
  ExpectFault("broken.toml", "broken.toml:1");
  const Outcome run = RunProgram({"doctor", live_.world().File("federation.toml")});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("tributary check"));
}

}  // namespace
}  // namespace tributary
