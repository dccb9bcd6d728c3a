#include "privacy/calibration.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "aggregation/base/random.h"

namespace tributary::privacy {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double EpsilonOf(const PrivacyEvent& event, double multiplier, int64_t rounds, double delta) {
  RdpAccountant accountant(RelationOf(event));
  EXPECT_TRUE(accountant.Compose(WithNoiseMultiplier(event, multiplier), rounds));
  return accountant.Epsilon(delta)->epsilon;
}

TEST(Calibration, EqualsTheVectorsRoundedUp) {
  struct {
    double rate;
    int64_t rounds;
    double delta, target, sigma;
  } const vectors[] = {
      {0.04, 2250, 1e-5, 8, 1.4157871431},    {0.04, 2000, 1e-5, 8, 1.3561342172},
      {0.01, 1000, 1e-5, 1, 1.5131221626},    {0.01, 1000, 1e-5, 3, 0.8646021038},
      {0.01, 10000, 1e-6, 2, 2.5037163099},   {0.1, 100, 1e-5, 1, 4.2776113922},
      {0.1, 100, 1e-3, 4, 1.2027988141},      {0.05, 500, 1e-6, 8, 1.0791912678},
      {0.001, 100000, 1e-6, 2, 1.0011409324}, {0.25, 200, 1e-5, 3, 5.4191536573},
      {1, 100, 1e-5, 1, 40.4538536885},       {1, 50, 1e-3, 8, 3.6774216091},
  };
  for (const auto& v : vectors) {
    const PrivacyEvent event =
        v.rate == 1 ? PrivacyEvent(Gaussian{}) : PrivacyEvent(PoissonSampled{v.rate, {}});
    const Result<Calibration> found =
        CalibrateNoiseMultiplier(event, v.rounds, {v.target, v.delta});
    ASSERT_TRUE(found);
    EXPECT_DOUBLE_EQ(found->noise_multiplier, std::ceil(v.sigma * 1e6) / 1e6) << v.sigma;
    EXPECT_LE(found->spent.epsilon, v.target);
  }
}

TEST(Calibration, IsTheSmallestMultiplierThatStaysWithinTheBudget) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed, "calibration");
    const double rate = std::pow(10, -3 * random.Uniform());
    const auto rounds = static_cast<int64_t>(1 + random.Below(2000));
    const double delta = std::pow(10, -2 - 6 * random.Uniform());
    const double target = std::pow(10, -1 + 2 * random.Uniform());
    const PrivacyEvent events[] = {
        PoissonSampled{rate, {}}, Gaussian{},
        FixedSizeSampled{1000, static_cast<int64_t>(std::ceil(1000 * rate)), {}}};
    const PrivacyEvent& event = events[seed % 5 == 0 ? 2 : seed % 2];
    SCOPED_TRACE(fmt::format("seed {}: {} rounds {} delta {} target {}", seed, Describe(event),
                             rounds, delta, target));
    const Result<Calibration> found = CalibrateNoiseMultiplier(event, rounds, {target, delta});
    ASSERT_TRUE(found);
    const double sigma = found->noise_multiplier;
    EXPECT_LE(EpsilonOf(event, sigma, rounds, delta), target);
    if (sigma > kMinNoiseMultiplier) {
      EXPECT_GT(EpsilonOf(event, sigma * (1 - 1e-4) - 1e-6, rounds, delta), target);
    }
    EXPECT_NEAR(sigma * 1e6, std::round(sigma * 1e6), 1e-3);
  }
}

TEST(Calibration, SaysWhenTheBudgetIsTooLow) {
  const Result<Calibration> found = CalibrateNoiseMultiplier(Gaussian{}, 1000000000, {1e-6, 1e-12});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::kOutOfRange);
  EXPECT_THAT(found.error().message, testing::HasSubstr("budget too low"));
}

TEST(Calibration, StopsAtTheSmallestMultiplierOnOffer) {
  EXPECT_EQ(CalibrateNoiseMultiplier(PoissonSampled{0, {}}, 10, {1, 1e-5})->noise_multiplier,
            kMinNoiseMultiplier);
  EXPECT_EQ(CalibrateNoiseMultiplier(Gaussian{}, 1, {1e9, 1e-5})->noise_multiplier,
            kMinNoiseMultiplier);
}

TEST(Calibration, RefusesHostileNumbers) {
  EXPECT_FALSE(CalibrateNoiseMultiplier(Gaussian{}, 0, {1, 1e-5}));
  EXPECT_FALSE(CalibrateNoiseMultiplier(Gaussian{}, -3, {1, 1e-5}));
  EXPECT_FALSE(CalibrateNoiseMultiplier(PoissonSampled{1.5, {}}, 1, {1, 1e-5}));
  for (double epsilon : {0.0, -1.0, kNaN, std::numeric_limits<double>::infinity()})
    EXPECT_FALSE(CalibrateNoiseMultiplier(Gaussian{}, 1, {epsilon, 1e-5})) << epsilon;
  for (double delta : {0.0, 1.0, -1.0, kNaN})
    EXPECT_FALSE(CalibrateNoiseMultiplier(Gaussian{}, 1, {1, delta})) << delta;
}

TEST(Budget, ARunThatWouldOverspendIsToldSoBeforeItsRound) {
  const PrivacyEvent round = PoissonSampled{0.1, {1.5}};
  const Budget budget{2, 1e-5};
  RdpAccountant accountant(NeighborRelation::kAddRemove);
  int rounds = 0;
  while (*Affords(accountant, round, 1, budget)) {
    ASSERT_TRUE(accountant.Compose(round, 1));
    ASSERT_LT(++rounds, 1000);
  }
  EXPECT_GT(rounds, 1);
  EXPECT_LE(accountant.Epsilon(budget.delta)->epsilon, budget.epsilon);
  EXPECT_EQ(accountant.Composed().at(round), rounds);  // asking costs nothing
  EXPECT_FALSE(Affords(accountant, FixedSizeSampled{10, 1, {1}}, 1, budget));
  EXPECT_FALSE(Affords(accountant, round, 1, {0, 1e-5}));
}

TEST(Budget, DeltaIsHeldAgainstThePopulation) {
  EXPECT_FALSE(CheckDelta(0.01, 100));
  EXPECT_THAT(CheckDelta(0.01, 100).error().message, testing::HasSubstr("1/100"));
  EXPECT_THAT(*CheckDelta(0.005, 100), testing::HasSubstr("advised"));
  EXPECT_EQ(*CheckDelta(0.001, 100), "");
  EXPECT_FALSE(CheckDelta(0, 100));
  EXPECT_FALSE(CheckDelta(1e-5, 0));
}

}  // namespace
}  // namespace tributary::privacy
