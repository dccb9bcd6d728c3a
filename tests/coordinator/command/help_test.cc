// Help, the manual and completion say what the program does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/coordinator/command/small_world.h"

namespace tributary {
namespace {

using testing::HasSubstr;

constexpr const char* kCommands[] = {"simulate", "check",    "methods", "inspect",  "compare",
                                     "export",   "evaluate", "predict", "tokenize", "data",
                                     "init",     "watch",    "logs",    "doctor"};

TEST(Help, EveryCommandHasExamples) {
  const Outcome all = RunProgram({"--help"});
  EXPECT_EQ(all.code, 0);
  for (const char* command : kCommands) {
    EXPECT_THAT(all.out, HasSubstr(std::string("\n  ") + command));
    const Outcome help = RunProgram({command, "--help"});
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_THAT(help.out, HasSubstr("Example")) << command;
    EXPECT_THAT(help.out, HasSubstr(std::string("tributary ") + command)) << command;
  }
}

TEST(Help, VersionTellsHowItWasBuilt) {
  const Outcome version = RunProgram({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, testing::AllOf(HasSubstr("numerics"), HasSubstr("built with")));
}

TEST(Help, TheManualIsCurrent) {
  EXPECT_TRUE(RunProgram({"check", "--manual"}).out ==
              ReadText(TRIBUTARY_SOURCE_DIR "/docs/configuration.md"))
      << "run: build/release/tributary check --manual > docs/configuration.md";
}

TEST(Help, TheListOfMetricsIsCurrent) {
  EXPECT_TRUE(RunProgram({"client", "--metrics"}).out ==
              ReadText(TRIBUTARY_SOURCE_DIR "/docs/client-metrics.md"))
      << "run: build/release/tributary client --metrics > docs/client-metrics.md";
  EXPECT_TRUE(RunProgram({"coordinator", "--metrics"}).out ==
              ReadText(TRIBUTARY_SOURCE_DIR "/docs/metrics.md"))
      << "run: build/release/tributary coordinator --metrics > docs/metrics.md";
}

TEST(Help, CompletionKnowsCommandsAndOptions) {
  const auto complete = [](const std::string& words) {
    const std::string script =
        "PATH=" TRIBUTARY_BINARY_DIR ":$PATH; source " TRIBUTARY_SOURCE_DIR
        "/deploy/completion.bash; COMP_WORDS=(" +
        words +
        "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tributary tributary; echo ${COMPREPLY[@]}";
    FILE* pipe = popen(("bash -c '" + script + "'").c_str(), "r");
    char line[1000] = "";
    const char* read = fgets(line, sizeof line, pipe);
    pclose(pipe);
    return std::string(read ? read : "");
  };
  EXPECT_EQ(complete("tributary pre"), "predict\n");
  EXPECT_EQ(complete("tributary ini"), "init\n");
  EXPECT_EQ(complete("tributary init --cl"), "--client\n");
  EXPECT_EQ(complete("tributary export --po"), "--portable\n");
  EXPECT_EQ(complete("tributary data \"\""), "debian split\n");
}

TEST(Methods, TableSaysWhatEachWorksWith) {
  const auto all = nlohmann::json::parse(RunProgram({"methods", "--format", "json"}).out);
  ASSERT_GE(all["methods"].size(), 11U);
  std::string mixed, additive;
  for (const auto& method : all["methods"]) {
    EXPECT_TRUE(method["bytes_up"].is_null());
    if (method["mixed_ranks"] == true) mixed += method["name"].get<std::string>() + " ";
    if (method["central_privacy"] == true) additive += method["name"].get<std::string>() + " ";
  }
  EXPECT_THAT(mixed, testing::StartsWith("flora fed-sb flexlora hetlora "));
  EXPECT_THAT(additive, testing::StartsWith("fed-sb ffa-lora rolora "));
}

TEST(Methods, CountsBytesForAModel) {
  const SmallWorld world;
  int seen = 0;
  const auto all = nlohmann::json::parse(
      RunProgram({"methods", "--format", "json", "--model", world.File("model"), "--rank", "4",
                  "--targets", "query", "--labels", "3"})
          .out);
  for (const auto& method : all["methods"]) {
    const int64_t head = 3 * 32 + 3, layers = 2, rank = 4;
    const std::map<std::string, int64_t> expected = {{"fedit", layers * rank * (32 + 32) + head},
                                                     {"fed-sb", layers * rank * rank + head},
                                                     {"fedsa-lora", layers * rank * 32}};
    const auto known = expected.find(method["name"]);
    if (known == expected.end()) continue;
    EXPECT_EQ(method["bytes_up"], 4 * known->second) << known->first;
    ++seen;
  }
  EXPECT_EQ(seen, 3);
}

TEST(Tokenize, GivesIdsUncutForEveryLine) {
  const SmallWorld world;
  const std::string three_hundred = [] {
    std::string text;
    for (int i = 0; i < 300; ++i) text += "a ";
    return text;
  }();
  const Outcome outcome = RunProgram({"tokenize", "--model", world.File("model")},
                                     "WAA zz\n\n\xff\r\n" + three_hundred);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, testing::StartsWith("2 57 30 56 3\n2 3\n2 3\n2 5 5 5 "));
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), ' '), 4 + 1 + 1 + 301);
}

TEST(Inspect, ShowsAModelAndAFile) {
  const SmallWorld world;
  const auto model =
      nlohmann::json::parse(RunProgram({"inspect", world.File("model"), "--format", "json"}).out);
  EXPECT_EQ(model["family"], "bert");
  EXPECT_EQ(model["classifier"]["outputs"], 5);
  EXPECT_EQ(model["linear_layers"].size(), 12U);
  EXPECT_EQ(model["digest"].get<std::string>().size(), 64U);
  const auto file = nlohmann::json::parse(
      RunProgram({"inspect", world.File("model/model.safetensors"), "--format", "json"}).out);
  EXPECT_EQ(file["elements"], model["parameters"]);
}

}  // namespace
}  // namespace tributary
