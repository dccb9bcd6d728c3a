// Whole runs under faults, by seed; simulation_seeds runs as many as one likes.
#include <gtest/gtest.h>

#include "tests/coordinator/simulation/scenario.h"

namespace tributary::simulation {
namespace {

TEST(Seeds, InvariantsHoldUnderFaultsAndCrashes) {
  constexpr uint64_t kSeeds = 300;
  Outcome sum;
  Hasher hasher;
  NameSeedOnAbort();
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Outcome outcome = RunScenario(MakeScenario(seed));
    for (const std::string& fault : outcome.faults)
      ADD_FAILURE() << fault << "\n" << HowToRepeat(seed);
    hasher.Update(outcome.hash);
    sum.Add(outcome);
  }
  fmt::print("{}\ntranscript {}\n", sum.Text(), hasher.Finish().Hex());
  // The faults did happen.
  for (const auto& [name, count] : sum.counts) EXPECT_GT(count, 0) << name;
  EXPECT_GT(sum.counts["recoveries"], static_cast<int64_t>(kSeeds));
  EXPECT_GT(sum.counts["client recoveries"], static_cast<int64_t>(kSeeds));
  for (Reason seen : {Reason::kAccepted, Reason::kLate, Reason::kDroppedOut, Reason::kNonFinite}) {
    EXPECT_GT(sum.reasons[seen], 0) << Name(seen);
  }
}

TEST(Seeds, EqualSeedsGiveEqualTranscripts) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(RunScenario(MakeScenario(seed)).hash, RunScenario(MakeScenario(seed)).hash) << seed;
  }
  EXPECT_NE(RunScenario(MakeScenario(1)).hash, RunScenario(MakeScenario(2)).hash);
}

}  // namespace
}  // namespace tributary::simulation
