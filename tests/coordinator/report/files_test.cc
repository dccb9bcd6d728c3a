#include "coordinator/report/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "tests/coordinator/report/sample_run.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::report {
namespace {

using nlohmann::json;
using testing::ElementsAreArray;

std::vector<json> Lines(const std::string& text) {
  std::vector<json> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  return lines;
}

std::vector<std::string> KeysOf(const std::string& line) {
  std::vector<std::string> keys;
  const auto object = nlohmann::ordered_json::parse(line);
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

RunView View(const SampleRun& run) { return *Build(run.config, run.facts, run.records); }

TEST(RoundsFile, HasEveryFieldInEveryRound) {
  const SampleRun run = MakeSampleRun();
  const std::string text = RoundsJsonl(View(run), run.config);
  const std::vector<std::string> keys = {
      "schema",          "round",           "selected",      "reported",
      "dropped",         "train_loss",      "loss",          "accuracy",
      "macro_f1",        "averaging_error", "bytes_up",      "bytes_down",
      "epsilon",         "delta",           "train_seconds", "examples_per_second",
      "virtual_seconds", "digest",          "attempts"};
  const std::vector<json> lines = Lines(text);
  ASSERT_EQ(lines.size(), 11u);
  EXPECT_THAT(KeysOf(text.substr(0, text.find('\n'))), ElementsAreArray(keys));
  for (size_t i = 0; i < lines.size(); ++i) {
    const json& line = lines[i];
    EXPECT_EQ(line["schema"], 1);
    EXPECT_EQ(line["round"], i);
    EXPECT_EQ(line.size(), keys.size());
    EXPECT_TRUE(line["epsilon"].is_null() && line["delta"].is_null());
    EXPECT_EQ(line["train_loss"].is_null(), i == 0);
    EXPECT_EQ(line["averaging_error"].is_null(), i == 0);
    EXPECT_EQ(line["attempts"].size(), i == 4 ? 1u : 0u);
    EXPECT_TRUE(line["accuracy"].is_number());
    EXPECT_EQ(line["digest"].get<std::string>().size(), 64u);
    if (i == 0) continue;
    EXPECT_DOUBLE_EQ(
        line["examples_per_second"].get<double>() * line["train_seconds"].get<double>(),
        line["reported"].get<double>() * 64);
  }
  EXPECT_EQ(lines[0]["bytes_up"],
            40 * 640'000 + 3'100 + 40 * 3'100);  // the statistic and both evaluations
}

TEST(RoundsFile, DescribesTestRowsUnlessClientsAreAskedFor) {
  SampleRun run = MakeSampleRun();
  const RunView both = View(run);
  EXPECT_EQ(Lines(RoundsJsonl(both, run.config))[3]["accuracy"],
            *both.rounds[3].on_test->Accuracy());
  run.config.evaluation.on = "clients";
  EXPECT_EQ(Lines(RoundsJsonl(View(run), run.config))[3]["accuracy"],
            *both.rounds[3].on_clients->Accuracy());
  run.config.evaluation.on = "both";
  run.config.adapter.method = "fedsa-lora";  // parts of it are the clients' own
  EXPECT_EQ(Lines(RoundsJsonl(View(run), run.config))[3]["accuracy"],
            *both.rounds[3].on_clients->Accuracy());
}

TEST(RoundsFile, HasEpsilonInAPrivateRun) {
  SampleOptions options;
  options.is_private = true;
  options.evaluate_on = "test";
  const SampleRun run = MakeSampleRun(options);
  double before = -1;
  for (const json& line : Lines(RoundsJsonl(View(run), run.config))) {
    EXPECT_GT(line["epsilon"].get<double>(), before);
    EXPECT_EQ(line["delta"], 1e-3);
    before = line["epsilon"];
  }
}

TEST(ClientsFile, HasALineForEachClientOfEachRound) {
  const SampleRun run = MakeSampleRun();
  const RunView view = View(run);
  const std::vector<json> lines = Lines(ClientsJsonl(view, run.facts));
  size_t expected = 0, not_selected = 0, lost = 0;
  for (const Round& round : view.rounds) expected += round.clients.size();
  EXPECT_EQ(lines.size(), expected);
  EXPECT_EQ(expected, 11u * 41u);  // all are evaluated, and so is the operator's test set
  for (const json& line : lines) {
    EXPECT_EQ(line["schema"], 1);
    EXPECT_EQ(line.size(), 15u);
    EXPECT_EQ(line["group"].is_null(), line["client"] == "operator");
    EXPECT_TRUE(line["accuracy"].is_number() || line["client"] == "operator");
    const bool has_trained = line["outcome"] == "accepted" || line["outcome"] == "aggregate_failed";
    EXPECT_EQ(line["loss"].is_number(), has_trained);
    not_selected += line["outcome"] == "not_selected" ? 1 : 0;
    lost += line["outcome"] == "deadline" || line["outcome"] == "dropped_out" ? 1 : 0;
  }
  EXPECT_GT(not_selected, 0u);
  EXPECT_GT(lost, 0u);
}

TEST(SummaryFile, DescribesTheKeptAdapter) {
  SampleRun run = MakeSampleRun();
  run.config.evaluation.keep = "best";
  const RunView view = View(run);
  ASSERT_NE(view.rounds[view.kept].round, 10);  // this sample's best is not its last
  const json summary = json::parse(SummaryJson(view, run.config, run.facts));
  for (const char* key :
       {"schema", "method", "rounds", "accuracy", "accuracy_at_start", "best", "loss",
        "wall_seconds", "train_seconds", "peak_rss_bytes", "bytes_up", "bytes_down", "epsilon",
        "delta", "adapter_sha256", "plan_digest", "numerics"})
    EXPECT_TRUE(summary.contains(key)) << key;
  EXPECT_EQ(summary["rounds"], 10);
  EXPECT_EQ(summary["kept_round"], view.rounds[view.kept].round);
  EXPECT_EQ(summary["best"]["round"], summary["kept_round"]);
  EXPECT_EQ(summary["best"]["on"], "clients");
  EXPECT_EQ(summary["accuracy"], *view.AccuracyOf(view.rounds[view.kept]));
  EXPECT_EQ(summary["accuracy_at_start"], *view.AccuracyOf(view.rounds[0]));
  EXPECT_EQ(summary["plan_digest"], run.facts.plan_digest.Hex());
  EXPECT_TRUE(summary["epsilon"].is_null());
  EXPECT_EQ(summary["finished"], "complete");
}

TEST(Files, AreWrittenTogetherAndAgainInTheSameBytes) {
  ScratchDirectory scratch;
  const SampleRun run = MakeSampleRun();
  std::map<std::string, std::string> first;
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(WriteFiles(scratch.path(), View(run), run.config, run.facts), IsOk());
    for (const char* name : {"rounds.jsonl", "clients.jsonl", "summary.json", "report.html"}) {
      const auto content = ReadFile(scratch.path() / name);
      ASSERT_THAT(content, IsOk());
      if (i == 0) first[name] = *content;
      EXPECT_EQ(first[name], *content);
    }
  }
}

TEST(Files, NamesTheFileThatCannotBeWritten) {
  ScratchDirectory scratch;
  const SampleRun run = MakeSampleRun();
  EXPECT_THAT(WriteFiles(scratch.path() / "missing", View(run), run.config, run.facts),
              Fails(Code::kNotFound, "rounds.jsonl"));
}

TEST(Files, SurviveNamesThatAreNotText) {
  SampleOptions options;
  options.name_prefix = "\xff\"\n";
  const SampleRun run = MakeSampleRun(options);
  EXPECT_EQ(Lines(ClientsJsonl(View(run), run.facts)).size(), 11u * 41u);
}

}  // namespace
}  // namespace tributary::report
