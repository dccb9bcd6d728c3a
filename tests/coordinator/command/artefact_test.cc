// What comes out of a run and goes into predict and evaluate.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/coordinator/command/small_world.h"

namespace tributary {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::vector<json> Lines(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

// One run for all tests here: flora, so that the adapter's ranks differ from the run's.
class Artefact : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new SmallWorld;
    const Outcome outcome = world_->Simulate("run", {"adapter.method=flora", "federation.rounds=5",
                                                     "output.keep_rounds=2", "adapter.rank=2"});
    ASSERT_EQ(outcome.code, 0) << outcome.All();
  }
  static void TearDownTestSuite() { delete world_; }

  static Outcome Predict(std::vector<std::string> arguments, const std::string& input) {
    arguments.insert(arguments.begin(), {"predict", "--device", "cpu", "--format", "json"});
    return RunProgram(arguments, input);
  }
  static std::vector<json> Answers(const std::string& model, const std::string& adapter) {
    std::vector<std::string> arguments = {"--model", model, "--data", world_->File("test.jsonl")};
    if (!adapter.empty()) arguments.insert(arguments.end(), {"--adapter", adapter});
    const Outcome outcome = Predict(arguments, "");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Lines(outcome.out);
  }
  static double LargestDifference(const std::vector<json>& a, const std::vector<json>& b) {
    double largest = a.size() == b.size() ? 0 : INFINITY;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
      for (size_t k = 0; k < a[i]["logits"].size(); ++k)
        largest = std::max(
            largest, std::abs(a[i]["logits"][k].get<double>() - b[i]["logits"][k].get<double>()));
    return largest;
  }
  static SmallWorld* world_;
};
SmallWorld* Artefact::world_ = nullptr;

TEST_F(Artefact, ExportsAgreeWithEachOther) {
  const auto exact = Answers(world_->File("model"), world_->File("run/adapter"));
  ASSERT_EQ(exact.size(), 24U);
  for (const auto& [name, flags] : std::map<std::string, std::vector<std::string>>{
           {"again", {}}, {"portable", {"--portable"}}, {"merged", {"--merge"}}}) {
    std::vector<std::string> arguments = {"export", world_->File("run"), "--out",
                                          world_->File(name)};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Outcome outcome = RunProgram(arguments);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("round 5"));
    const bool merged = name == "merged";
    EXPECT_LT(LargestDifference(exact, Answers(world_->File(merged ? "merged" : "model"),
                                               merged ? "" : world_->File(name))),
              1e-4)
        << name;
  }
  EXPECT_EQ(ReadText(world_->path() / "again/adapter_model.safetensors"), world_->Adapter("run"));
  const json config = json::parse(ReadText(world_->path() / "merged/config.json"));
  EXPECT_EQ(config["architectures"], json({"BertForSequenceClassification"}));
  EXPECT_EQ(config["id2label"], json({{"0", "blue"}, {"1", "green"}, {"2", "red"}}));
  EXPECT_EQ(config["label2id"], json({{"blue", 0}, {"green", 1}, {"red", 2}}));
}

TEST_F(Artefact, ACutAdapterTellsItsError) {
  const Outcome outcome =
      RunProgram({"export", world_->File("run"), "--out", world_->File("cut"), "--rank", "1"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("cut to rank 1, relative error"));
  const json inspected =
      json::parse(RunProgram({"inspect", world_->File("cut"), "--format", "json"}).out);
  for (const json& layer : inspected["layers"]) EXPECT_EQ(layer["rank"], 1);
  const json whole =
      json::parse(RunProgram({"inspect", world_->File("run/adapter"), "--format", "json"}).out);
  EXPECT_LT(inspected["delta_norm"], whole["delta_norm"]);
  EXPECT_EQ(whole["facts"]["labels"], json({"blue", "green", "red"}));
}

TEST_F(Artefact, RoundsThatAreNoLongerKeptAreListed) {
  const Outcome gone =
      RunProgram({"export", world_->File("run"), "--out", world_->File("gone"), "--round", "1"});
  EXPECT_EQ(gone.code, 2);
  EXPECT_THAT(gone.err,
              AllOf(HasSubstr("the state of round 1 is no longer kept"), HasSubstr("4, 5")));
  EXPECT_THAT(
      RunProgram({"export", world_->File("run"), "--out", world_->File("gone"), "--round", "9"})
          .err,
      HasSubstr("round 9 was not committed"));
  EXPECT_THAT(
      RunProgram({"export", world_->File("run"), "--out", world_->File("gone"), "--round", "first"})
          .err,
      HasSubstr("--round is \"first\""));
  EXPECT_FALSE(std::filesystem::exists(world_->path() / "gone"));
  EXPECT_EQ(
      RunProgram({"export", world_->File("run"), "--out", world_->File("four"), "--round", "4"})
          .code,
      0);
  EXPECT_NE(ReadText(world_->path() / "four/adapter_model.safetensors"), world_->Adapter("run"));
  EXPECT_THAT(RunProgram({"export", world_->File("run"), "--out", world_->File("model")}).err,
              HasSubstr("exists and is not empty"));
}

TEST_F(Artefact, AnswersEveryLineInOrder) {
  const std::vector<std::string> with = {"--model", world_->File("model"), "--adapter",
                                         world_->File("run/adapter")};
  const Outcome plain = Predict(with, "waa wab\n\nb\xff\xfe\nwaa wab");
  ASSERT_EQ(plain.code, 0) << plain.err;
  const auto lines = Lines(plain.out);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_LT(LargestDifference({lines[0]}, {lines[3]}), 1e-5);
  double sum = 0, largest = -INFINITY;
  for (const json& logit : lines[0]["logits"]) largest = std::max(largest, logit.get<double>());
  for (const json& logit : lines[0]["logits"]) sum += std::exp(logit.get<double>() - largest);
  EXPECT_NEAR(lines[0]["probability"], 1 / sum, 1e-6);
  EXPECT_EQ(Predict(with, "").out, "");
  auto columns = with;
  columns.insert(columns.end(), {"--text", "text"});
  const Outcome rows = Predict(columns, "{\"text\":\"waa wab\"}\n{\"txt\":1}\n");
  EXPECT_EQ(rows.code, 2);
  EXPECT_THAT(rows.err, HasSubstr("line 2: \"text\" is missing, expected a string"));
  ASSERT_EQ(Lines(rows.out).size(), 1U) << "lines before a bad one are answered";
  EXPECT_LT(LargestDifference(Lines(rows.out), {lines[0]}), 1e-5);
}

TEST_F(Artefact, EvaluateAgreesWithTheRun) {
  const Outcome outcome = RunProgram(
      {"evaluate", "--model", world_->File("model"), "--adapter", world_->File("run/adapter"),
       "--data", world_->File("test.jsonl"), "--format", "json", "--device", "cpu"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json found = json::parse(outcome.out),
             summary = json::parse(ReadText(world_->path() / "run/summary.json"));
  EXPECT_EQ(found["accuracy"], summary["accuracy"]);
  EXPECT_NEAR(found["loss"], summary["loss"], 1e-5);
  EXPECT_NEAR(found["macro_f1"], summary["macro_f1"], 1e-12);
  WriteText(world_->path() / "other.jsonl", "{\"text\":\"waa\",\"label\":\"gren\"}\n");
  const Outcome other =
      RunProgram({"evaluate", "--model", world_->File("model"), "--adapter",
                  world_->File("run/adapter"), "--data", world_->File("other.jsonl")});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("did you mean \"green\"?"));
}

TEST_F(Artefact, AnAdapterForAnotherBaseIsRefused) {
  const SmallWorld other;
  other.Edit("model/config.json", "\"layer_norm_eps\": 1e-12", "\"layer_norm_eps\": 1e-05");
  const Outcome digest =
      Predict({"--model", other.File("model"), "--adapter", world_->File("run/adapter")}, "waa\n");
  EXPECT_EQ(digest.code, 2);
  EXPECT_THAT(digest.err, AllOf(HasSubstr("run/adapter was made for the base model with digest"),
                                HasSubstr(other.File("model") + " has ")));
  // Somebody's PEFT adapter without our facts: its layers must fit.
  std::filesystem::copy(world_->path() / "run/adapter", other.path() / "theirs");
  std::filesystem::remove(other.path() / "theirs/tributary.json");
  std::filesystem::copy(TRIBUTARY_SOURCE_DIR "/tests/data/golden/model/tiny-roberta",
                        other.path() / "roberta");
  std::filesystem::copy_file(other.path() / "model/tokenizer.json",
                             other.path() / "roberta/tokenizer.json",
                             std::filesystem::copy_options::overwrite_existing);
  const Outcome layers =
      Predict({"--model", other.File("roberta"), "--adapter", other.File("theirs")}, "waa\n");
  EXPECT_EQ(layers.code, 2);
  EXPECT_THAT(layers.err,
              AllOf(HasSubstr("does not fit the base model"), HasSubstr("no such linear layer")));
  const Outcome labels =
      Predict({"--model", other.File("model"), "--adapter", other.File("theirs")}, "waa\n");
  EXPECT_EQ(labels.code, 2);
  EXPECT_THAT(labels.err, HasSubstr("tells no labels"));
}

TEST_F(Artefact, AModelWithAClassifierNeedsNoAdapter) {
  const auto answers = Answers(world_->File("model"), "");
  ASSERT_EQ(answers.size(), 24U);
  EXPECT_EQ(answers[0]["logits"].size(), 5U);
  EXPECT_THAT(answers[0]["label"].get<std::string>(), testing::StartsWith("LABEL_"));
}

TEST_F(Artefact, ARunMovesWithItsModelAndData) {
  const ScratchDirectory elsewhere;
  std::filesystem::copy(world_->path(), elsewhere.path() / "moved",
                        std::filesystem::copy_options::recursive);
  EXPECT_EQ(RunProgram({"export", (elsewhere.path() / "moved/run").string(), "--out",
                        (elsewhere.path() / "out").string()})
                .code,
            0);
  EXPECT_EQ(ReadText(elsewhere.path() / "out/adapter_model.safetensors"), world_->Adapter("run"));
}

TEST(Pairs, TwoColumnsAreTrainedEvaluatedAndPredicted) {
  const SmallWorld world;
  std::string rows;
  for (int c = 0; c < 4; ++c)
    for (int i = 0; i < 6; ++i)
      rows += fmt::format("w{0}a w{0}b,w{1}a,{2},site-{3}\n", "ab"[i % 2], "ab"[i / 3],
                          i % 2 == i / 3 ? "same" : "other", c);
  WriteText(world.path() / "pairs.csv", "first,second,label,client\n" + rows);
  const Outcome outcome = world.Simulate(
      "run", {"data.text=[\"first\",\"second\"]", "data.train=" + world.File("pairs.csv"),
              "data.test=" + world.File("pairs.csv")});
  ASSERT_EQ(outcome.code, 0) << outcome.All();
  const std::vector<std::string> with = {
      "--model", world.File("model"), "--adapter", world.File("run/adapter"), "--device", "cpu"};
  auto predict = with, evaluate = with, refused = with;
  predict.insert(predict.begin(), {"predict", "--text", "a,b"});
  EXPECT_EQ(RunProgram(predict, "{\"a\":\"waa\",\"b\":\"wba\"}\n").code, 0);
  evaluate.insert(evaluate.begin(),
                  {"evaluate", "--text", "first,second", "--data", world.File("pairs.csv")});
  EXPECT_THAT(RunProgram(evaluate).out, HasSubstr("rows      24"));
  refused.insert(refused.begin(), "predict");
  const Outcome plain = RunProgram(refused, "waa\n");
  EXPECT_EQ(plain.code, 2);
  EXPECT_THAT(plain.err, HasSubstr("trained on pairs"));
}

}  // namespace
}  // namespace tributary
