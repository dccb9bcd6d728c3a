// Whole runs of the real program with a tiny model: they repeat, resume, survive drop-outs, and say
// what they are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "aggregation/strategy/method.h"
#include "tests/coordinator/command/small_world.h"

namespace tributary {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

json Summary(const SmallWorld& world, const std::string& run) {
  return json::parse(ReadText(world.path() / run / "summary.json"));
}

std::vector<json> Lines(const std::filesystem::path& path) {
  std::vector<json> lines;
  std::istringstream text(ReadText(path));
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

std::string WithoutDashes(std::string_view text) {
  std::string name(text);
  std::erase(name, '-');
  return name;
}

// --- all methods ---

class EveryMethod : public testing::TestWithParam<const strategy::Method*> {};

TEST_P(EveryMethod, RunsEndToEnd) {
  const SmallWorld world;
  const Outcome outcome =
      world.Simulate("run", {"adapter.method=" + std::string(GetParam()->name)});
  ASSERT_EQ(outcome.code, 0) << outcome.All();
  const json summary = Summary(world, "run");
  EXPECT_EQ(summary["method"], GetParam()->name);
  EXPECT_EQ(summary["rounds"], 2);
  EXPECT_EQ(summary["finished"], "complete");
  EXPECT_TRUE(summary["accuracy"].is_number());
  EXPECT_TRUE(summary["epsilon"].is_null());
  const auto rounds = Lines(world.path() / "run/rounds.jsonl");
  ASSERT_EQ(rounds.size(), 3U);
  EXPECT_GT(rounds[2]["bytes_up"], 0);
  EXPECT_EQ(rounds[2]["averaging_error"].is_null(), GetParam()->is_personal());
  const Outcome predicted = RunProgram({"predict", "--model", world.File("model"), "--adapter",
                                        world.File("run/adapter"), "--device", "cpu"},
                                       "waa\n");
  EXPECT_EQ(predicted.code, 0) << predicted.err;
  EXPECT_THAT(predicted.out, testing::ContainsRegex("^(blue|green|red)\t0\\.[0-9]+\n$"));
}

INSTANTIATE_TEST_SUITE_P(Methods, EveryMethod,
                         testing::ValuesIn(strategy::Methods().begin(), strategy::Methods().end()),
                         [](const auto& method) { return WithoutDashes(method.param->name); });

class MixedRanks : public testing::TestWithParam<const char*> {};

TEST_P(MixedRanks, SmallAndLargeClientsTrainTogether) {
  const SmallWorld world;
  const std::string groups =
      "\n[[clients]]\ngroup = \"small\"\nshare = 1\n[[clients]]\ngroup = \"large\"\nshare = 1\n";
  WriteText(world.path() / "federation.toml", ReadText(world.path() / "federation.toml") + groups);
  const Outcome outcome =
      world.Simulate("run", {std::string("adapter.method=") + GetParam(), "adapter.ranks={small=2}",
                             "federation.cohort=all"});
  ASSERT_EQ(outcome.code, 0) << outcome.All();
  std::set<int64_t> bytes;
  for (const json& client : Lines(world.path() / "run/clients.jsonl"))
    if (client["round"] == 1 && client["outcome"] == "accepted")
      bytes.insert(client["bytes_up"].get<int64_t>());
  EXPECT_EQ(bytes.size(), 2U) << "the seed gives both groups a client";
}

INSTANTIATE_TEST_SUITE_P(Methods, MixedRanks,
                         testing::Values("flora", "fed-sb", "flexlora", "hetlora"),
                         [](const auto& name) { return WithoutDashes(name.param); });

// --- equal bytes ---

void ExpectTheSameRounds(const SmallWorld& world, const std::string& one,
                         const std::string& other) {
  const auto left = Lines(world.path() / one / "rounds.jsonl"),
             right = Lines(world.path() / other / "rounds.jsonl");
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i)
    for (const char* key :
         {"selected", "reported", "train_loss", "loss", "accuracy", "averaging_error", "bytes_up",
          "bytes_down", "virtual_seconds", "digest"})
      EXPECT_EQ(left[i][key], right[i][key]) << key << " of round " << i;
}

TEST(Repeats, WithOneWorkerAndWithTwo) {
  const SmallWorld world;
  ASSERT_EQ(world.Simulate("one", {"federation.head_start=ridge"}, {"--workers", "1"}).code, 0);
  ASSERT_EQ(world.Simulate("two", {"federation.head_start=ridge"}, {"--workers", "2"}).code, 0);
  ASSERT_FALSE(world.Adapter("one").empty());
  EXPECT_EQ(world.Adapter("one"), world.Adapter("two"));
  EXPECT_EQ(Summary(world, "one")["adapter_sha256"], Summary(world, "two")["adapter_sha256"]);
}

TEST(Repeats, WithKeptStatistics) {
  const SmallWorld world;
  const std::vector<std::string> settings = {"federation.head_start=ridge"},
                                 keeping = {
                                     "federation.head_start=ridge",
                                     "data.statistics_cache=\"" + world.File("statistics") + "\""};
  ASSERT_EQ(world.Simulate("plain", settings).code, 0);
  ASSERT_EQ(world.Simulate("first", keeping).code, 0);
  const std::filesystem::path folder = world.path() / "statistics";
  const auto files = std::distance(std::filesystem::directory_iterator(folder), {});
  ASSERT_GT(files, 1);
  WriteText(std::filesystem::directory_iterator(folder)->path(), "damaged");
  ASSERT_EQ(world.Simulate("second", keeping).code, 0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), files);
  EXPECT_EQ(world.Adapter("plain"), world.Adapter("first"));
  EXPECT_EQ(world.Adapter("plain"), world.Adapter("second"));
}

TEST(Repeats, AfterCtrlCAndResume) {
  const SmallWorld world;
  const std::vector<std::string> settings = {"adapter.method=flora", "federation.rounds=25"};
  ASSERT_EQ(world.Simulate("whole", settings).code, 0);
  auto arguments = world.Command("simulate", settings);
  arguments.insert(arguments.end(),
                   {"--out", world.File("parts"), "--format", "json", "--workers", "2"});
  StartedProgram started(arguments);
  ASSERT_TRUE(started.WaitForOutput(R"("event":"stage_committed","round":2,)"));
  started.Signal(SIGINT);
  const Outcome interrupted = started.Wait();
  ASSERT_EQ(interrupted.code, 130) << interrupted.All();
  EXPECT_TRUE(Summary(world, "parts")["finished"].is_null());
  EXPECT_LT(Summary(world, "parts")["rounds"], 25);
  const Outcome inspected = RunProgram({"inspect", world.File("parts")});
  EXPECT_THAT(inspected.out,
              AllOf(HasSubstr("interrupted; go on with --resume"), HasSubstr("plan_digest")));
  const Outcome resumed = RunProgram({"simulate", "--resume", world.File("parts")});
  ASSERT_EQ(resumed.code, 0) << resumed.All();
  EXPECT_EQ(world.Adapter("whole"), world.Adapter("parts"));
  EXPECT_EQ(Lines(world.path() / "parts/rounds.jsonl").size(), 26U);
  ExpectTheSameRounds(world, "whole", "parts");
}

// At every third record of the journal, so that stages are cut in their middle too.
TEST(Repeats, AfterAKillAtAnyRecord) {
  const SmallWorld world;
  const std::vector<std::string> settings = {"adapter.method=fed-sb", "evaluation.on=both",
                                             "evaluation.holdout=0.3"};
  const auto start = [&](const std::string& out, const std::string& variable) {
    auto arguments = world.Command("simulate", settings);
    arguments.insert(arguments.end(), {"--out", world.File(out), "--workers", "1"});
    return StartedProgram(arguments, "", {variable}).Wait().code;
  };
  const std::string points = world.File("points");
  ASSERT_EQ(start("whole", "TRIBUTARY_CRASH_POINTS=" + points), 0);
  const std::string all = ReadText(points);
  const auto count = std::count(all.begin(), all.end(), '\n');
  ASSERT_GT(count, 20);
  for (int64_t point = 1; point <= count; point += 3) {
    SCOPED_TRACE(fmt::format("killed at record {} of {}", point, count));
    const std::string parts = fmt::format("parts-{}", point);
    ASSERT_EQ(start(parts, fmt::format("TRIBUTARY_CRASH_AT={}", point)), 128 + SIGKILL);
    const Outcome inspected = RunProgram({"inspect", world.File(parts)});
    EXPECT_EQ(inspected.code, 0) << inspected.All();
    const Outcome resumed = RunProgram({"simulate", "--resume", world.File(parts)});
    ASSERT_EQ(resumed.code, 0) << resumed.All();
    EXPECT_EQ(world.Adapter("whole"), world.Adapter(parts));
    ExpectTheSameRounds(world, "whole", parts);
  }
}

// The state of the best round stays, however many rounds follow it and whatever cuts the run.
TEST(Artefacts, TheBestRoundIsKeptThoughOldStatesAreNot) {
  const SmallWorld world;
  const std::vector<std::string> settings = {"evaluation.keep=best",     "output.keep_rounds=1",
                                             "federation.rounds=8",      "evaluation.on=clients",
                                             "training.learning_rate=1", "evaluation.holdout=0.3"};
  const Outcome whole = world.Simulate("best", settings);
  ASSERT_EQ(whole.code, 0) << whole.All();
  const json summary = Summary(world, "best");
  ASSERT_LT(summary["kept_round"], 7) << "the last rounds stay anyway";
  EXPECT_EQ(summary["kept_round"], summary["best"]["round"]);
  EXPECT_FALSE(world.Adapter("best").empty());
  const auto exported = [&](const json& round) {
    return RunProgram({"export", world.File("best"), "--round", round.dump(), "--out",
                       world.File("round-" + round.dump())});
  };
  EXPECT_EQ(exported(summary["kept_round"]).code, 0);
  const Outcome old = exported(1);
  EXPECT_EQ(old.code, 2);
  EXPECT_THAT(old.err, HasSubstr("no longer kept (output.keep_rounds = 1)"));
}

// --- privacy ---

TEST(Privacy, SeededNoiseRepeatsAndEveryArtefactSaysThatItProtectsNobody) {
  const SmallWorld world;
  const std::vector<std::string> settings = {
      "adapter.method=ffa-lora",     "privacy.mode=central", "privacy.noise=seeded",
      "privacy.clip_norm=1",         "privacy.delta=0.01",   "privacy.noise_multiplier=1",
      "federation.weighting=uniform"};
  ASSERT_EQ(world.Simulate("one", settings).code, 0);
  ASSERT_EQ(world.Simulate("two", settings).code, 0);
  EXPECT_EQ(world.Adapter("one"), world.Adapter("two"));
  for (const char* file :
       {"summary.json", "report.html", "adapter/tributary.json", "adapter/README.md"})
    EXPECT_THAT(ReadText(world.path() / "one" / file), HasSubstr("imulation, not private")) << file;
  const auto rounds = Lines(world.path() / "one/rounds.jsonl");
  EXPECT_GT(rounds[1]["epsilon"], 0);
  EXPECT_GT(rounds[2]["epsilon"], rounds[1]["epsilon"]);
  EXPECT_TRUE(rounds[1]["train_loss"].is_null())
      << "client losses are not recorded in a private run";
}

TEST(Privacy, SecureNoiseDoesNotRepeat) {
  const SmallWorld world;
  const std::vector<std::string> settings = {
      "adapter.method=fed-sb", "privacy.mode=central",     "privacy.clip_norm=1",
      "privacy.delta=0.01",    "privacy.target_epsilon=8", "federation.weighting=uniform"};
  ASSERT_EQ(world.Simulate("one", settings).code, 0);
  ASSERT_EQ(world.Simulate("two", settings).code, 0);
  EXPECT_NE(world.Adapter("one"), world.Adapter("two"));
  EXPECT_LE(Summary(world, "one")["epsilon"], 8);
}

// --- clients that differ, vanish, or come late ---

TEST(Clients, DropOutsStillFinish) {
  const SmallWorld world;
  WriteText(world.path() / "federation.toml",
            ReadText(world.path() / "federation.toml") +
                "\n[[clients]]\ngroup = \"shaky\"\ndropout = 0.3\n");
  const Outcome outcome = world.Simulate("run", {"federation.rounds=6", "federation.minimum=2"});
  ASSERT_EQ(outcome.code, 0) << outcome.All();
  int64_t dropped = 0;
  for (const json& round : Lines(world.path() / "run/rounds.jsonl"))
    for (const auto& [reason, count] : round["dropped"].items()) dropped += count.get<int64_t>();
  EXPECT_GT(dropped, 0);
  EXPECT_EQ(Summary(world, "run")["rounds"], 6);
}

TEST(Clients, OverSelectionTakesTheFirst) {
  const SmallWorld world;
  ASSERT_EQ(world.Simulate("run", {"federation.over_selection=1.5"}).code, 0);
  const auto rounds = Lines(world.path() / "run/rounds.jsonl");
  EXPECT_EQ(rounds[1]["selected"], 6);
  EXPECT_EQ(rounds[1]["reported"], 4);
  EXPECT_EQ(rounds[1]["dropped"]["late"], 2);
}

TEST(Clients, OneWithASingleExampleTakesPart) {
  const SmallWorld world;
  WriteText(world.path() / "train.jsonl", ReadText(world.path() / "train.jsonl") +
                                              R"({"text":"waa","label":"red","client":"alone"})" +
                                              "\n");
  const Outcome outcome = world.Simulate("run", {"federation.cohort=all", "evaluation.on=both"});
  ASSERT_EQ(outcome.code, 0) << outcome.All();
  EXPECT_EQ(Lines(world.path() / "run/rounds.jsonl")[1]["reported"], 9);
}

TEST(Clients, LocalPartsAreJudgedAtTheirClients) {
  const SmallWorld world;
  const Outcome outcome = world.Simulate(
      "run", {"adapter.method=fedsa-lora", "evaluation.on=both", "evaluation.holdout=0.2"});
  ASSERT_EQ(outcome.code, 0) << outcome.All();
  const json summary = Summary(world, "run");
  EXPECT_TRUE(summary["accuracy"].is_number());
  EXPECT_TRUE(std::filesystem::exists(world.path() / "run/state/local"));
}

TEST(Ending, EarlyStopKeepsTheBest) {
  const SmallWorld world;
  const Outcome outcome = world.Simulate(
      "run", {"federation.rounds=30", "training.learning_rate=1e-6", "evaluation.on=clients",
              "evaluation.holdout=0.2", "evaluation.keep=best", "evaluation.stop=2"});
  ASSERT_EQ(outcome.code, 0) << outcome.All();
  const json summary = Summary(world, "run");
  EXPECT_EQ(summary["finished"], "early_stop");
  EXPECT_LT(summary["rounds"], 30);
}

// --- what stands in the way ---

TEST(Disk, AFullOneIsNamedAndTheRunGoesOnLater) {
  const SmallWorld world;
  SmallDisk disk(300'000);
  auto arguments = world.Command("simulate", {"federation.rounds=8", "output.keep_rounds=0"});
  const std::string out = (disk.path() / "run").string();
  arguments.insert(arguments.end(), {"--out", out, "--device", "cpu"});
  const Outcome outcome = RunProgram(arguments);
  EXPECT_EQ(outcome.code, 1) << outcome.All();
  EXPECT_THAT(outcome.err, testing::AnyOf(HasSubstr("No space left"), HasSubstr("full"),
                                          HasSubstr("File too large")));
  disk.MakeRoom();
  const Outcome resumed = RunProgram({"simulate", "--resume", out, "--device", "cpu"});
  ASSERT_EQ(resumed.code, 0) << resumed.All();
  ASSERT_EQ(world.Simulate("whole", {"federation.rounds=8"}).code, 0);
  EXPECT_EQ(world.Adapter("whole"), ReadText(out + "/adapter/adapter_model.safetensors"));
}

TEST(Device, OneThatIsNotThere) {
  const SmallWorld world;
  const Outcome outcome =
      RunProgram({"predict", "--model", world.File("model"), "--device", "tpu"}, "waa\n");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("device \"tpu\" is not known"));
}

}  // namespace
}  // namespace tributary
