// What bad input gets, from the program itself: every fault named, exit code 2, nothing trained.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/coordinator/command/small_world.h"

namespace tributary {
namespace {

using testing::AllOf;
using testing::HasSubstr;

MATCHER_P(SaysWrong, text, "") {
  *result_listener << "exit code " << arg.code << " and:\n" << arg.out << arg.err;
  return arg.code == 2 && arg.err.find(text) != std::string::npos;
}

class BadInput : public testing::Test {
 protected:
  SmallWorld world_;
};

TEST_F(BadInput, TheWorldItselfIsGood) {
  const Outcome outcome = world_.Check();
  EXPECT_EQ(outcome.code, 0) << outcome.All();
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("labels = [\"blue\", \"green\", \"red\"]"),
                                 HasSubstr("rounds 1-2, each"), HasSubstr("plan digest")));
}

TEST_F(BadInput, AllSevenFaultsOfAConfigurationComeAtOnceWithLines) {
  WriteText(world_.path() / "federation.toml", R"(format = 1
seed = "five"
[model]
name = "tiny/bert"
path = "model"
[data]
train = "absent.jsonl"
test = "test.jsonl"
[adapter]
method = "fedsb"
rnak = 4
rank = 0
[training]
learning_rate = true
[federation]
rounds = -3
cohort = 4
)");
  const Outcome outcome = world_.Check();
  EXPECT_THAT(outcome, SaysWrong("has 7 faults"));
  EXPECT_THAT(outcome.err,
              HasSubstr("federation.toml:2: seed is a string, expected a whole number"));
  EXPECT_THAT(outcome.err, HasSubstr("absent.jsonl"));
  EXPECT_THAT(
      outcome.err,
      HasSubstr("federation.toml:10: adapter.method is \"fedsb\" (did you mean \"fed-sb\"?)"));
  EXPECT_THAT(
      outcome.err,
      HasSubstr(
          "federation.toml:11: key \"adapter.rnak\" is not known; did you mean \"adapter.rank\"?"));
  EXPECT_THAT(outcome.err, HasSubstr("federation.toml:12: adapter.rank is 0, expected 1 to 4096"));
  EXPECT_THAT(
      outcome.err,
      HasSubstr("federation.toml:14: training.learning_rate is true or false, expected a number"));
  EXPECT_THAT(outcome.err,
              HasSubstr("federation.toml:16: federation.rounds is -3, expected 1 to 100000"));
  const Outcome simulated = world_.Simulate("run");
  EXPECT_EQ(simulated.code, 2);
  EXPECT_THAT(simulated.err, HasSubstr("has 7 faults"));
  EXPECT_FALSE(std::filesystem::exists(world_.path() / "run"));
}

TEST_F(BadInput, ABrokenFileIsNamedWithItsLine) {
  world_.Edit("federation.toml", "rank = 4", "rank = = 4");
  EXPECT_THAT(world_.Check(), SaysWrong("federation.toml:14"));
  EXPECT_THAT(RunProgram({"check", world_.File("absent.toml")}), SaysWrong("absent.toml"));
  EXPECT_THAT(RunProgram({"check", world_.path().string()}), SaysWrong("directory"));
}

TEST_F(BadInput, DataFiles) {
  EXPECT_THAT(world_.Check({"data.train=" + world_.File("absent.jsonl")}),
              SaysWrong("absent.jsonl"));
  WriteText(world_.path() / "empty.jsonl", "");
  EXPECT_THAT(world_.Check({"data.train=" + world_.File("empty.jsonl")}), SaysWrong("empty.jsonl"));
  EXPECT_THAT(world_.Check({"data.train=" + world_.File("model"), "data.format=jsonl"}),
              SaysWrong("is a directory"));
  WriteText(world_.path() / "cut.jsonl",
            "{\"text\":\"waa\",\"label\":\"red\",\"client\":\"a\"}\n{\"text\":\"wa");
  EXPECT_THAT(world_.Check({"data.train=" + world_.File("cut.jsonl")}),
              SaysWrong("ends in the middle of line 2 (truncated?)"));
  WriteText(world_.path() / "latin.jsonl",
            "{\"text\":\"waa\",\"label\":\"red\",\"client\":\"a\"}\n{\"text\":\"w\xe9\",\"label\":"
            "\"red\",\"client\":\"a\"}\n");
  EXPECT_THAT(world_.Check({"data.train=" + world_.File("latin.jsonl")}), SaysWrong("not UTF-8"));
  WriteText(world_.path() / "zip.jsonl", std::string("PK\3\4\0\0\0\0", 8));
  EXPECT_THAT(world_.Check({"data.train=" + world_.File("zip.jsonl")}), SaysWrong("zip.jsonl"));
  EXPECT_THAT(world_.Check({"data.label=lable"}), SaysWrong("\"lable\""));
  EXPECT_THAT(world_.Check({"data.client=hospital"}), SaysWrong("\"hospital\""));
}

TEST_F(BadInput, ALabelThatOnlyTheTestRowsHave) {
  WriteText(world_.path() / "test.jsonl", "{\"text\":\"waa\",\"label\":\"purple\"}\n");
  EXPECT_THAT(world_.Check(),
              SaysWrong("data.test: label \"purple\" (1 rows) is not among the 3 labels"));
}

TEST_F(BadInput, MoreClientsThanThereAre) {
  EXPECT_THAT(world_.Check({"federation.cohort=9"}),
              SaysWrong("federation.cohort is 9, but the data has 8 clients"));
  EXPECT_THAT(world_.Check({"federation.minimum=9", "federation.cohort=all"}),
              SaysWrong("federation.minimum is 9, but the data has 8 clients"));
}

TEST_F(BadInput, FaultsOfTheConfigurationDoNotHideThoseOfModelAndData) {
  const Outcome outcome =
      world_.Check({"adapter.method=nonsense", "training.max_length=200", "federation.cohort=9"});
  EXPECT_THAT(outcome, SaysWrong("has 3 faults"));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("--set: adapter.method is \"nonsense\""),
                                 HasSubstr("but the model has 140 positions"),
                                 HasSubstr("the data has 8 clients")));
}

TEST_F(BadInput, TargetsAndRanks) {
  EXPECT_THAT(world_.Check({"adapter.targets=[\"qkv\"]"}),
              SaysWrong("target \"qkv\" matches no linear layer"));
  EXPECT_THAT(world_.Check({"adapter.rank=33"}), SaysWrong("33"));
  EXPECT_THAT(world_.Check({"adapter.ranks={small=2}"}),
              SaysWrong("mixed ranks work with flora, fed-sb, flexlora, hetlora"));
}

TEST_F(BadInput, PrivacyThatWouldBeUnsoundIsRefusedByName) {
  const Outcome outcome = world_.Check({"privacy.mode=central", "privacy.clip_norm=1",
                                        "privacy.delta=0.01", "privacy.noise_multiplier=1"});
  EXPECT_THAT(outcome, SaysWrong("fedit"));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("ffa-lora"), HasSubstr("weighting")));
}

// --- the model directory: config.json, tokenizer.json, weights, in this order, before anything
// else ---

TEST_F(BadInput, TheModelIsCheckedInOrderEvenForNoInput) {
  const auto predict = [&] {
    return RunProgram(
        {"predict", "--model", world_.File("model"), "--adapter", world_.File("absent")});
  };
  EXPECT_THAT(RunProgram({"predict", "--model", world_.File("absent")}),
              SaysWrong("no such model directory"));
  EXPECT_THAT(predict(), SaysWrong("no such adapter directory"));
  WriteText(world_.path() / "model/model.safetensors", "short");
  EXPECT_THAT(predict(), SaysWrong("model.safetensors"));
  WriteText(world_.path() / "model/tokenizer.json", "{}");
  EXPECT_THAT(predict(), SaysWrong("tokenizer.json"));
  world_.Edit("model/config.json", "\"hidden_size\": 32", "\"hidden_size\": -1");
  EXPECT_THAT(predict(), SaysWrong("config.json: \"hidden_size\" is -1"));
  EXPECT_THAT(RunProgram({"tokenize", "--model", world_.File("model")}),
              SaysWrong("\"hidden_size\" is -1"));
}

TEST_F(BadInput, AConfigThatDisagreesWithTheWeights) {
  world_.Edit("model/config.json", "\"intermediate_size\": 48", "\"intermediate_size\": 64");
  EXPECT_THAT(world_.Check(), SaysWrong("has shape [48], but config.json says [64]"));
  EXPECT_THAT(RunProgram({"inspect", world_.File("model")}), SaysWrong("but config.json says"));
}

TEST_F(BadInput, AVocabularyThatTheEmbeddingHasNoRowsFor) {
  world_.Edit("model/tokenizer.json", "\"wbn\":96", "\"wbn\":97");
  EXPECT_THAT(world_.Check(), SaysWrong("ids up to 97, but config.json says vocab_size 97"));
}

TEST_F(BadInput, AnArchitectureOrKeyThatIsNotKnown) {
  world_.Edit("model/config.json", "\"model_type\": \"bert\"", "\"model_type\": \"gpt2\"");
  EXPECT_THAT(world_.Check(),
              SaysWrong("model_type \"gpt2\" is not supported; supported: bert, roberta"));
  world_.Edit("model/config.json", "\"model_type\": \"gpt2\"",
              "\"model_type\": \"bert\", \"surprise\": 1");
  EXPECT_THAT(world_.Check(), SaysWrong("key \"surprise\" = 1 is not known here"));
}

TEST_F(BadInput, HostileWeights) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"overlap",
       Safetensors(
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
           12)},
      {"lie", Safetensors(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}})", 8)},
      {"huge",
       Safetensors(R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}})",
                   8)},
      {"twice",
       Safetensors(
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           4)},
      {"long", Safetensors(std::string(8, ' '), 0)
                   .replace(0, 8, std::string("\x01\xE1\xF5\x05\0\0\0\0", 8))},
      {"empty", ""}};
  for (const auto& [name, bytes] : files) {
    WriteText(world_.path() / "model/model.safetensors", bytes);
    EXPECT_THAT(world_.Check(), SaysWrong("model.safetensors")) << name;
    EXPECT_THAT(RunProgram({"inspect", world_.File("model/model.safetensors")}),
                SaysWrong("model.safetensors"))
        << name;
  }
}

TEST_F(BadInput, WeightsThatAreNotNumbers) {
  std::string file = ReadText(world_.path() / "model/model.safetensors");
  const size_t header =
      8 + static_cast<unsigned char>(file[0]) + 256U * static_cast<unsigned char>(file[1]);
  file.replace(header, 4, "\xFF\xFF\xFF\x7F");  // the first value of the first tensor, an encoder's
  WriteText(world_.path() / "model/model.safetensors", file);
  EXPECT_THAT(world_.Check(), SaysWrong("holds NaN or infinity"));
}

// --- where a run is to be written ---

TEST_F(BadInput, ADirectoryThatHoldsARun) {
  WriteText(world_.path() / "run/run.toml", "");
  EXPECT_THAT(world_.Simulate("run"), SaysWrong("already holds a run; go on with --resume"));
  EXPECT_THAT(RunProgram({"simulate", "--resume", world_.File("absent")}),
              SaysWrong("holds no run"));
  EXPECT_THAT(RunProgram({"inspect", world_.File("absent")}), SaysWrong("absent"));
  EXPECT_THAT(RunProgram({"export", world_.File("absent"), "--out", world_.File("x")}),
              SaysWrong("holds no run"));
}

TEST_F(BadInput, NoPermissionToWriteTheRun) {
  std::filesystem::create_directories(world_.path() / "locked");
  std::filesystem::permissions(world_.path() / "locked", std::filesystem::perms(0555));
  const OrdinaryUser user;
  if (euidaccess(TRIBUTARY_BINARY_DIR "/tributary", X_OK) != 0)
    GTEST_SKIP() << "the checkout lies where an ordinary user cannot reach the program";
  const Outcome outcome = world_.Simulate("locked/run");
  EXPECT_EQ(outcome.code, 1) << outcome.All();
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("locked/run"), HasSubstr("Permission denied")));
}

TEST_F(BadInput, WrongUsageShowsTheWay) {
  EXPECT_EQ(RunProgram({}).code, 2);
  EXPECT_EQ(RunProgram({"nonsense"}).code, 2);
  EXPECT_EQ(RunProgram({"simulate", "--workers", "0", "x.toml"}).code, 2);
  EXPECT_THAT(RunProgram({"simulate"}),
              SaysWrong("name a configuration FILE, or a run with --resume DIR"));
  EXPECT_THAT(world_.Check({"adapter.rank"}), SaysWrong("expected section.key=value"));
  EXPECT_THAT(world_.Check({"adapter.metod=flora"}), SaysWrong("did you mean \"adapter.method\"?"));
}

}  // namespace
}  // namespace tributary
