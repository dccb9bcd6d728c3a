// `tributary verify` against what a coordinator keeps, and what it says when that was changed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;
namespace fs = std::filesystem;

// A finished run of three rounds under this retention.
class Kept {
 public:
  explicit Kept(const std::string& retention) : live_(2, "[retention]\n" + retention) {
    live_.StartAll();
    run_ = live_.Submit({"adapter.method=flora", "federation.cohort=2", "federation.minimum=2",
                         "federation.rounds=3", "evaluation.on=clients", "evaluation.holdout=0.3"});
    const Outcome wait = live_.Ask({"wait", run_});
    EXPECT_EQ(wait.code, 0) << wait.All() << live_.Said();
  }
  Outcome Verify(const std::string& format = "text") const {
    return RunProgram(
        {"verify", run_, "--config", live_.world().File("coordinator.toml"), "--format", format});
  }
  Json Counts() const {
    const Outcome outcome = Verify("json");
    EXPECT_EQ(outcome.code, 0) << outcome.All();
    return Json::parse(outcome.out);
  }
  fs::path project() const { return live_.world().path() / "state/default"; }
  std::vector<fs::path> Files(const fs::path& below) const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(project() / below))
      if (entry.is_regular_file() && entry.path().filename().string().size() == 64)
        files.push_back(entry.path());
    return files;
  }
  fs::path States() const { return fs::path("runs") / run_ / "blobs"; }
  const std::string& run() const { return run_; }

 private:
  LiveFederation live_;
  std::string run_;
};

void FlipLastByte(const fs::path& file) {
  std::string bytes = ReadText(file);
  bytes.back() ^= 1;
  fs::remove(file);  // its other names keep their bytes
  WriteText(file, bytes);
}

TEST(Verify, MakesEveryStageAgainFromKeptUpdatesAndNamesWhatWasChanged) {
  const Kept kept("updates = \"all\"\n");
  const Json counts = kept.Counts();
  EXPECT_GE(counts["made_again"], 6) << counts.dump();  // three of training, three of evaluation
  EXPECT_EQ(counts["made_again"], counts["stages"].size()) << counts.dump();
  EXPECT_TRUE(fs::is_empty(kept.project() / "backup-staging"));

  const fs::path update = kept.Files("uploads").front();
  FlipLastByte(update);
  const Outcome changed = kept.Verify();
  EXPECT_NE(changed.code, 0);
  EXPECT_THAT(changed.err, HasSubstr(update.filename().string()));
  FlipLastByte(update);
  EXPECT_EQ(kept.Verify().code, 0);

  for (const fs::path& state : kept.Files(kept.States())) {
    FlipLastByte(state);
    const Outcome outcome = kept.Verify();
    FlipLastByte(state);
    // The start and evaluations are only ever made again.
    if (outcome.code != 0) {
      EXPECT_THAT(outcome.err, HasSubstr(state.filename().string()));
      return;
    }
  }
  ADD_FAILURE() << "no changed state was found";
}

TEST(Verify, SaysWhatItCouldNotMakeAgain) {
  const Kept none("");
  EXPECT_TRUE(none.Files("uploads").empty());
  EXPECT_EQ(none.Counts()["kept"], 3) << none.Verify().All();
  EXPECT_THAT(none.Verify().out, HasSubstr("its updates are not kept"));

  const Kept last("updates = \"last\"\n");
  EXPECT_EQ(last.Files("uploads").size(), 4u);  // two of training, two of its evaluation
  EXPECT_EQ(last.Counts()["made_again"], 2) << last.Verify().All();
  EXPECT_EQ(last.Counts()["kept"], 2) << last.Verify().All();

  const Kept few("states = \"last\"\n");
  EXPECT_LE(few.Counts()["kept"], 2) << few.Verify().All();  // the last and the best
  EXPECT_GE(few.Counts()["kept"], 1) << few.Verify().All();
  EXPECT_NE(RunProgram({"verify", "nothing-1", "--config",
                        (last.project().parent_path().parent_path() / "coordinator.toml").string()})
                .code,
            0);
}

}  // namespace
}  // namespace tributary
