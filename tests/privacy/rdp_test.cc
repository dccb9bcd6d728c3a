#include "privacy/rdp.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace tributary::privacy {
namespace {

double Rdp(const PrivacyEvent& event, double order) {
  return RdpCurve(event, std::array{order})[0];
}

struct OneStep {
  double rate, sigma, order, expected;
};

// Made with 40 digits: the binomial sum at integer orders, quadrature in between.
constexpr OneStep kOneStep[] = {
    {1, 2, 8, 1},
    {1, 2.71828, 3.1, 0.209769971221242},
    {0.01, 1, 2, 0.000171813422074548},
    {0.01, 1, 1.5, 0.00012725374332745},
    {0.01, 1, 32, 11.2462759370481},
    {0.01, 1, 64, 27.3217318745518},
    {0.01, 2.5, 1.5, 1.30014179437608e-5},
    {0.01, 2.5, 2.5, 2.17083611383625e-5},
    {0.01, 2.5, 5, 4.36151312461576e-5},
    {0.01, 2.5, 50, 0.000476920750774123},
    {0.01, 2.5, 100, 3.34832615096837},
    {0.04, 1.5, 3.9, 0.00183320219958386},
    {0.04, 1.5, 4, 0.00188534006444578},
    {0.1, 1, 1.1, 0.00809856846807384},
    {0.1, 1, 2.8, 0.0281672255957507},
    {0.1, 1, 3, 0.0317123003033764},
    {0.1, 0.5, 2, 0.4291695905979},
    {0.1, 0.5, 10, 17.4415721188955},
    {0.5, 4, 5.9, 0.0502807394395746},
    {0.5, 4, 6, 0.0512188294056951},
    {0.9, 3, 3.9, 0.180394155251908},
    {0.001, 0.6, 4.4, 6.29340199536805e-5},
    {0.001, 1, 2, 1.71828035221452e-6},
    {0.001, 1, 256, 121.06515548463},
    {0.0001, 0.5, 4.2, 3.78731583854529e-6},
    {1e-6, 1, 27, 3.37288896340327e-11},
    {0.99, 0.1, 256, 12799.9899102511},
    {0.4, 12, 58, 0.035689531817025},
    {0.02, 50, 1024, 8.26001779684165e-5},
};

TEST(Rdp, OneStepOfThePoissonSampledGaussianEqualsTheVectors) {
  for (const OneStep& v : kOneStep)
    EXPECT_NEAR(Rdp(PoissonSampled{v.rate, {v.sigma}}, v.order) / v.expected, 1, 1e-10)
        << "rate " << v.rate << " sigma " << v.sigma << " order " << v.order;
}

TEST(Rdp, LimitsAreExact) {
  for (double order : {1.1, 2.0, 7.5, 64.0}) {
    EXPECT_EQ(Rdp(PoissonSampled{0, {1}}, order), 0);
    EXPECT_EQ(Rdp(PoissonSampled{0, {0}}, order), 0);  // nothing is released about anybody
    EXPECT_EQ(Rdp(PoissonSampled{0.5, {0}}, order), kInfinity);
    EXPECT_EQ(Rdp(Gaussian{0}, order), kInfinity);
    EXPECT_EQ(Rdp(FixedSizeSampled{10, 2, {0}}, order), kInfinity);
    EXPECT_EQ(Rdp(FixedSizeSampled{10, 0, {1}}, order), 0);
    EXPECT_EQ(Rdp(PoissonSampled{1, {2}}, order), order / 8);
    EXPECT_EQ(Rdp(FixedSizeSampled{10, 10, {2}}, order), order / 8);
  }
}

// (order - 1) R is convex in the order and R does not fall: the fractional orders, computed by
// another formula, must fit between the integer ones and follow them into the limit.
TEST(Rdp, FractionalOrdersInterpolateBetweenTheIntegerOnes) {
  for (double rate : {1e-9, 1e-4, 0.01, 0.3, 0.97})
    for (double sigma : {0.02, 0.15, 0.5, 1.0, 4.0, 300.0, 1e6})
      for (int below = 2; below <= 10; ++below) {
        SCOPED_TRACE(fmt::format("rate {} sigma {} order {}", rate, sigma, below));
        const PrivacyEvent event = PoissonSampled{rate, {sigma}};
        const double low = Rdp(event, below), high = Rdp(event, below + 1);
        EXPECT_NEAR(Rdp(event, below + 1e-9) / low, 1, sigma < 0.1 ? 1e-6 : 1e-7);
        double previous = low;
        for (double t : {0.1, 0.5, 0.9}) {
          const double order = below + t, found = Rdp(event, order);
          const double chord = ((1 - t) * (below - 1) * low + t * below * high) / (order - 1);
          EXPECT_LE(found, chord * (1 + 1e-12));
          EXPECT_GE(found, previous * (1 - 1e-12));
          previous = found;
        }
        EXPECT_GE(high, previous * (1 - 1e-12));
      }
}

TEST(Rdp, LossGrowsWithRateAndFallsWithNoise) {
  const auto no_smaller = [](const std::vector<double>& a, const std::vector<double>& b) {
    for (size_t i = 0; i < a.size(); ++i)
      if (a[i] < b[i] * (1 - 1e-12)) return false;
    return true;
  };
  const double sigmas[] = {0.02, 0.09, 0.11, 0.3, 0.9, 2.0, 10.0, 1000.0};
  for (size_t i = 1; i < std::size(sigmas); ++i) {
    EXPECT_TRUE(no_smaller(RdpCurve(PoissonSampled{0.1, {sigmas[i - 1]}}, OrderGrid()),
                           RdpCurve(PoissonSampled{0.1, {sigmas[i]}}, OrderGrid())))
        << sigmas[i];
    EXPECT_TRUE(no_smaller(RdpCurve(FixedSizeSampled{50, 5, {sigmas[i - 1]}}, OrderGrid()),
                           RdpCurve(FixedSizeSampled{50, 5, {sigmas[i]}}, OrderGrid())))
        << sigmas[i];
  }
  for (int cohort = 2; cohort <= 50; cohort += 3) {
    EXPECT_TRUE(no_smaller(RdpCurve(PoissonSampled{cohort / 50.0, {1}}, OrderGrid()),
                           RdpCurve(PoissonSampled{(cohort - 1) / 50.0, {1}}, OrderGrid())))
        << cohort;
  }
}

// The textbook form of the moments in theorem 27, small enough here to add up directly.
TEST(Rdp, FixedSizeEqualsTheoremTwentySeven) {
  for (double sigma : {0.4, 1.0, 2.0, 5.0})
    for (double fraction : {0.01, 0.2})
      for (int order : {2, 3, 4, 6}) {
        const auto moment = [&](int l) {
          double sum = 0;
          for (int i = 0; i <= l; ++i)
            sum += ((l - i) % 2 == 0 ? 1 : -1) *
                   std::exp(LogBinomial(l, i) + i * (i - 1) / (2 * sigma * sigma));
          return sum;
        };
        double a = 1;
        for (int j = 2; j <= order; ++j)
          a += std::exp(LogBinomial(order, j)) * std::pow(fraction, j) *
               std::min(4 * std::sqrt(moment(j / 2 * 2) * moment((j + 1) / 2 * 2)),
                        2 * std::exp(j * (j - 1) / (2 * sigma * sigma)));
        const PrivacyEvent event =
            FixedSizeSampled{1000, static_cast<int64_t>(1000 * fraction), {sigma}};
        EXPECT_NEAR(Rdp(event, order) / (std::log(a) / (order - 1)), 1, 1e-7)
            << "sigma " << sigma << " fraction " << fraction << " order " << order;
      }
}

TEST(Rdp, GridIsSortedAndReachesFromNearOneToAThousand) {
  EXPECT_EQ(OrderGrid().size(), 99u + 53u + 4u);
  EXPECT_TRUE(std::is_sorted(OrderGrid().begin(), OrderGrid().end()));
  EXPECT_EQ(OrderGrid().front(), 1.1);
  EXPECT_EQ(OrderGrid().back(), 1024);
}

}  // namespace
}  // namespace tributary::privacy
