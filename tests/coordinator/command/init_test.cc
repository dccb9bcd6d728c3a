// What `tributary init` writes is read again by the program: as it stands, and with every comment
// "# key = value" made a line.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "client/edge/settings.h"
#include "coordinator/config/read.h"
#include "coordinator/daemon/settings.h"
#include "tests/coordinator/command/program.h"
#include "tests/support/matchers.h"

namespace tributary {
namespace {

using testing::HasSubstr;

class Init : public testing::Test {
 protected:
  std::string File(const std::string& name) const { return (scratch_.path() / name).string(); }
  Outcome Run(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"init", File("fed")});
    return RunProgram(more);
  }
  // With all defaults as lines.
  std::string Uncommented(const std::string& name) const {
    const std::string path = File("all-" + name);
    WriteText(path, std::regex_replace(ReadText(File("fed/" + name)),
                                       std::regex("(^|\n)# (\\w+ = )"), "$1$2"));
    return path;
  }
  ScratchDirectory scratch_;
};

TEST_F(Init, WritesWhatTheProgramReads) {
  const Outcome init = Run({"--project", "hospitals"});
  ASSERT_EQ(init.code, 0) << init.All();
  EXPECT_EQ(init.out, File("fed/coordinator.toml") + "\n" + File("fed/plan.toml") + "\n" +
                          File("fed/client.toml") + "\n");
  const auto coordinator = daemon::ReadSettings(File("fed/coordinator.toml"));
  ASSERT_THAT(coordinator, IsOk());
  EXPECT_EQ(coordinator->project, "hospitals");
  EXPECT_EQ(coordinator->directory, File("fed/state"));
  const auto client = edge::ReadSettings(File("fed/client.toml"));
  ASSERT_THAT(client, IsOk());
  EXPECT_EQ(client->models, std::vector<std::string>{File("fed/model")});
  EXPECT_EQ(client->data.train, File("fed/train.jsonl"));
  const config::ReadConfig plan = config::ReadConfigFile(File("fed/plan.toml"), {});
  EXPECT_THAT(config::AsStatus(plan.faults), IsOk());
}

TEST_F(Init, EveryCommentedKeyIsAKey) {
  ASSERT_EQ(Run().code, 0);
  EXPECT_THAT(daemon::ReadSettings(Uncommented("coordinator.toml")), IsOk());
  EXPECT_THAT(edge::ReadSettings(Uncommented("client.toml")), IsOk());
  const config::ReadConfig plan = config::ReadConfigFile(Uncommented("plan.toml"), {});
  EXPECT_THAT(config::AsStatus(plan.faults), IsOk());
  // The defaults are what they are without.
  EXPECT_EQ(plan.config.federation.deadline,
            config::ReadConfigFile(File("fed/plan.toml"), {}).config.federation.deadline);
  EXPECT_THAT(ReadText(File("all-client.toml")), HasSubstr("\nmax_rank = 0\n"));
}

TEST_F(Init, OverwritesNothingAndNamesWhatIsThere) {
  ASSERT_EQ(Run({"--client"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(File("fed/coordinator.toml")));
  WriteText(File("fed/client.toml"), "mine");
  const Outcome again = Run();
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr(File("fed/client.toml") + ": already there"));
  EXPECT_EQ(ReadText(File("fed/client.toml")), "mine");
  EXPECT_FALSE(std::filesystem::exists(File("fed/coordinator.toml")));
  EXPECT_EQ(Run({"--coordinator"}).code, 0);
}

TEST_F(Init, SaysWhatToDoNext) {
  const Outcome init = Run();
  for (const char* next : {"certs init ", "coordinator ", "certs invite ", "client join ",
                           "client ", "submit ", "watch ", "doctor "})
    EXPECT_THAT(init.err, HasSubstr(std::string("  tributary ") + next));
  const Outcome wrong = RunProgram({"init", File("x"), "--project", "a b"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_FALSE(std::filesystem::exists(File("x")));
}

}  // namespace
}  // namespace tributary
