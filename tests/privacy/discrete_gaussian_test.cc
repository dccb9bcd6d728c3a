#include "privacy/discrete_gaussian.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <regex>
#include <vector>

#include "aggregation/base/file.h"

namespace tributary::privacy {
namespace {

constexpr uint64_t kSeed = 20260;

double Unnormalised(int64_t k, double scale) {
  return std::exp(-0.5 * static_cast<double>(k) * static_cast<double>(k) / (scale * scale));
}
double Normaliser(int64_t scale) {
  double sum = 1;
  for (int64_t k = 1; k <= 40 * scale; ++k) sum += 2 * Unnormalised(k, static_cast<double>(scale));
  return sum;
}

// How many standard deviations chi-square is above its mean (Wilson-Hilferty).
double Deviations(double chi_square, double freedom) {
  return (std::cbrt(chi_square / freedom) - (1 - 2 / (9 * freedom))) / std::sqrt(2 / (9 * freedom));
}

TEST(DiscreteGaussian, ReferenceDensityEqualsTheVector) {
  EXPECT_NEAR(1 / Normaliser(3), 0.1329807601, 1e-10);
}

// The frequencies of bins of at least 100 expected samples, against the exact probabilities.
double ChiSquareDeviations(int64_t scale, int64_t claimed_scale, uint64_t seed) {
  constexpr int kSamples = 1000000;
  const auto bits = SeededNoise(seed)->Open(fmt::format("chi-square-{}", scale));
  std::map<int64_t, int64_t> counts;
  for (int i = 0; i < kSamples; ++i) ++counts[SampleDiscreteGaussian(*bits, scale)];
  const double normaliser = Normaliser(claimed_scale);
  double chi_square = 0, expected = 0, found = 0, expected_inside = 0, found_inside = 0;
  int bins = 0;
  const auto close_bin = [&] {
    chi_square += (found - expected) * (found - expected) / expected;
    expected_inside += expected;
    found_inside += found;
    expected = found = 0;
    ++bins;
  };
  for (int64_t k = -6 * claimed_scale; k <= 6 * claimed_scale; ++k) {
    expected += kSamples * Unnormalised(k, static_cast<double>(claimed_scale)) / normaliser;
    const auto at = counts.find(k);
    found += at == counts.end() ? 0 : static_cast<double>(at->second);
    if (expected >= 100) close_bin();
  }
  expected = kSamples - expected_inside;  // what lies outside all bins
  found = kSamples - found_inside;
  if (expected > 1) close_bin();
  return Deviations(chi_square, bins - 1);
}

TEST(DiscreteGaussian, FrequenciesPassAChiSquareTestAgainstTheExactDensity) {
  for (int64_t scale : {1, 3, 10, 1000})
    EXPECT_LT(ChiSquareDeviations(scale, scale, kSeed), 4.75)
        << "scale " << scale << " seed " << kSeed;  // p > 1e-6
}

TEST(DiscreteGaussian, TheChiSquareTestSeesAScaleThatIsOff) {
  EXPECT_GT(ChiSquareDeviations(10, 11, kSeed), 20);
  EXPECT_GT(ChiSquareDeviations(1000, 980, kSeed), 10);
}

TEST(DiscreteGaussian, MeanVarianceAndKurtosisAreANormalsForEveryScale) {
  for (int64_t scale :
       {int64_t{2}, int64_t{1} << 15, int64_t{1} << 20, (int64_t{1} << 32) + 1, kLargestScale}) {
    constexpr int kSamples = 400000;
    const auto bits = SeededNoise(kSeed)->Open(fmt::format("moments-{}", scale));
    double mean = 0, second = 0, fourth = 0;
    for (int i = 0; i < kSamples; ++i) {
      const double x =
          static_cast<double>(SampleDiscreteGaussian(*bits, scale)) / static_cast<double>(scale);
      mean += x / kSamples;
      second += x * x / kSamples;
      fourth += x * x * x * x / kSamples;
    }
    // Five standard errors: 1, sqrt 2 and sqrt 96 over the root of the samples.
    const double error = 5 / std::sqrt(kSamples);
    EXPECT_NEAR(mean, 0, error) << scale;
    EXPECT_NEAR(second, 1, error * std::sqrt(2)) << scale;
    EXPECT_NEAR(fourth, 3, error * std::sqrt(96)) << scale;
  }
}

TEST(DiscreteGaussian, NoiseOfManyRoundsIsUncorrelatedAndNeverRepeats) {
  constexpr size_t kRounds = 50, kSize = 4000;
  const auto source = SecureNoise();
  ASSERT_TRUE(source);
  std::vector<std::vector<double>> rounds(kRounds, std::vector<double>(kSize));
  for (auto& round : rounds) {
    const auto bits = (*source)->Open("round");
    for (double& x : round)
      x = static_cast<double>(SampleDiscreteGaussian(*bits, 1 << 20)) / (1 << 20);
  }
  for (size_t i = 0; i < kRounds; ++i)
    for (size_t j = 0; j < i; ++j) {
      EXPECT_NE(rounds[i], rounds[j]);
      double dot = 0;
      for (size_t k = 0; k < kSize; ++k) dot += rounds[i][k] * rounds[j][k];
      EXPECT_LT(std::abs(dot) / kSize,
                6.5 / std::sqrt(kSize));  // chance: under 1e-6 over all pairs
    }
}

TEST(BernoulliExp, HasTheProbabilityOfTheExponential) {
  const auto bits = SeededNoise(kSeed)->Open("bernoulli-exp");
  struct {
    unsigned __int128 numerator, denominator;
  } const fractions[] = {
      {0, 1},
      {1, 1},
      {1, 3},
      {7, 2},
      {5, 1},
      {1, 1000},
      {static_cast<unsigned __int128>(3) << 79, static_cast<unsigned __int128>(1) << 80}};
  for (const auto& f : fractions) {
    constexpr int kSamples = 200000;
    int count = 0;
    for (int i = 0; i < kSamples; ++i) count += BernoulliExp(*bits, f.numerator, f.denominator);
    const double p =
        std::exp(-static_cast<double>(f.numerator) / static_cast<double>(f.denominator));
    EXPECT_NEAR(count, p * kSamples, 5 * std::sqrt(kSamples * p * (1 - p)) + 1e-9) << p;
  }
}

class Constant final : public BitSource {
 public:
  explicit Constant(uint64_t word) : word_(word) {}

 private:
  void Fill(std::span<uint64_t> words) override { std::fill(words.begin(), words.end(), word_); }
  uint64_t word_;
};

TEST(DiscreteGaussianDeathTest, BrokenBitsStopTheProcessInsteadOfLoopingForEver) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (uint64_t word : {uint64_t{0}, uint64_t{1}}) {  // rejected for ever; every coin heads
    Constant bits(word);
    EXPECT_DEATH((void)SampleDiscreteGaussian(bits, 1 << 20), "random bits are random");
  }
  Constant ones(~uint64_t{0});
  EXPECT_DEATH((void)ones.Below128((static_cast<unsigned __int128>(1) << 64) + 1),
               "random bits are random");
}

TEST(DiscreteGaussian, TheSamplerHoldsNoFloatingPoint) {
  for (const char* file : {"privacy/discrete_gaussian.h", "privacy/discrete_gaussian.cc"}) {
    const Result<std::string> text = ReadFile(std::string(TRIBUTARY_SOURCE_DIR) + "/" + file);
    ASSERT_TRUE(text) << file;
    EXPECT_FALSE(std::regex_search(*text, std::regex("\\b(double|float|cmath|std::exp)\\b")))
        << file;
  }
}

}  // namespace
}  // namespace tributary::privacy
