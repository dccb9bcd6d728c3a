// Runs side by side, through the program.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/coordinator/command/small_world.h"

namespace tributary {
namespace {

using testing::HasSubstr;

class CompareCommand : public testing::Test {
 protected:
  void Simulate(const std::string& group, const std::string& method, int seed) {
    std::filesystem::create_directories(world_.path() / group);
    const Outcome outcome =
        world_.Simulate(group + "/" + std::to_string(seed),
                        {"adapter.method=" + method, "seed=" + std::to_string(seed)});
    ASSERT_EQ(outcome.code, 0) << outcome.All();
  }
  Outcome Compare(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "compare");
    return RunProgram(arguments);
  }
  SmallWorld world_;
};

TEST_F(CompareCommand, GroupsOfSeedsBesideEachOther) {
  for (const int seed : {1, 2}) {
    Simulate("plain", "fedit", seed);
    Simulate("alone", "local", seed);
  }
  const Outcome json = Compare({world_.File("plain"), world_.File("alone") + "/", "--bytes", "1kB",
                                "--format", "json", "--out", world_.File("page.html")});
  ASSERT_EQ(json.code, 0) << json.All();
  const auto result = nlohmann::json::parse(json.out);
  EXPECT_EQ(result["baseline"], "plain");
  ASSERT_EQ(result["rows"].size(), 3U);
  std::map<std::string, double> bytes;
  for (const auto& row : result["rows"]) {
    EXPECT_EQ(row["accuracy"]["seeds"], 2);
    if (row["group"] == "start only") continue;
    EXPECT_GT(row["examples"], 0);
    EXPECT_EQ(row["personal"], row["group"] == "alone");
    bytes[row["group"]] = row["bytes"];
  }
  EXPECT_LT(bytes["alone"], bytes["plain"]) << "the start is fetched, then nothing moves";
  EXPECT_THAT(ReadText(world_.path() / "page.html"), HasSubstr("<svg"));
  const Outcome text = Compare({world_.File("plain/1"), world_.File("plain/2")});
  EXPECT_EQ(text.code, 0) << "a run alone is a group, named after its folder";
  EXPECT_THAT(text.out, HasSubstr("against 1"));
}

TEST_F(CompareCommand, FaultsAreNamed) {
  Simulate("plain", "fedit", 1);
  EXPECT_THAT(Compare({world_.File("nowhere")}).err, HasSubstr("neither a run (run.toml) nor"));
  EXPECT_THAT(Compare({world_.File("plain"), "--baseline", "x"}).err,
              HasSubstr("baseline \"x\" is none of the groups: plain"));
  EXPECT_EQ(Compare({world_.File("plain"), "--bytes", "much"}).code, 2);
}

}  // namespace
}  // namespace tributary
