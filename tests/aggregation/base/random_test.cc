#include "aggregation/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "aggregation/base/digest.h"

namespace tributary {
namespace {

using Block = std::array<uint32_t, 4>;

// Philox4x32-10 as the paper's Section 3.3 and Figure 2 write it: ten rounds, the key bumped
// between.
Block Philox(Block counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = uint64_t{counter[0]} * 0xD2511F53,
                   second = uint64_t{counter[2]} * 0xCD9E8D57;
    counter = {
        static_cast<uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(second),
        static_cast<uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(first)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

TEST(Random, TheReferenceHereAgreesWithThePapersKnownAnswers) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// A stream is Philox over (counter, 0) with the key that random.cc's comment describes.
TEST(Random, IsPhiloxKeyedByTheStreamsNames) {
  const Digest digest = Sha256("7|7:shuffle|8:client-3|0:");
  const auto word = [&](size_t at) {
    return digest.bytes[at] | uint32_t{digest.bytes[at + 1]} << 8 |
           uint32_t{digest.bytes[at + 2]} << 16 | uint32_t{digest.bytes[at + 3]} << 24;
  };
  Random random(7, "shuffle", {"client-3", ""});
  for (uint32_t counter = 0; counter < 1000; ++counter)
    for (const uint32_t expected : Philox({counter, 0, 0, 0}, {word(0), word(4)}))
      ASSERT_EQ(random.Next32(), expected) << counter;
}

TEST(Random, StreamsDifferInSeedPurposeAndEachName) {
  std::vector<uint64_t> first;
  for (uint64_t seed : {0, 1})
    for (const char* purpose : {"a", "b", "ab"}) {
      first.push_back(Random(seed, purpose).Next64());
      first.push_back(Random(seed, purpose, {""}).Next64());
      first.push_back(Random(seed, purpose, {"x"}).Next64());
      first.push_back(Random(seed, purpose, {"x", "y"}).Next64());
      first.push_back(Random(seed, purpose, {"xy"}).Next64());
      first.push_back(Random(seed, purpose, {"x|1:y"}).Next64());
      first.push_back(DeriveSeed(seed, fmt::format("derive {}", purpose)));
    }
  std::sort(first.begin(), first.end());
  EXPECT_EQ(std::adjacent_find(first.begin(), first.end()), first.end());
  EXPECT_EQ(Random(5, "p", {"x"}).Next64(), Random(5, "p", {"x"}).Next64());
}

// Committed numbers: a compiler, machine or change that gives others has changed every run there
// is.
TEST(Random, GivesTheSameNumbersEverywhere) {
  Random random(42, "golden", {"numbers"});
  EXPECT_EQ(random.Next32(), 1829417917u);
  EXPECT_EQ(random.Next64(), 3089382230088769800u);
  EXPECT_EQ(random.Uniform(), 0x1.a077ce366a16p-5);
  EXPECT_EQ(random.Normal(), -0x1.3384873c72fp-3);
  EXPECT_EQ(random.Exponential(), 0x1.0e705d6ce2a0dp-2);
  EXPECT_EQ(random.Below(1000), 493u);
  EXPECT_EQ(DeriveSeed(42, "golden"), 11410536377277760499u);
  std::vector<int> items(10);
  std::iota(items.begin(), items.end(), 0);
  random.Shuffle(std::span(items));
  EXPECT_EQ(items, (std::vector<int>{5, 7, 9, 3, 4, 2, 6, 1, 0, 8}));
  std::vector<float> floats(100'000);
  random.FillUniform(floats, -2, 3);
  EXPECT_EQ(Sha256(std::as_bytes(std::span(floats))).Hex(),
            "76492619ae05bbeee7d8f9d93bcf6058c79c669c44afbfe4e0138bde519b33d7");
  random.FillNormal(floats, 0.02F);
  EXPECT_EQ(Sha256(std::as_bytes(std::span(floats))).Hex(),
            "cfb0f708d16c6cf8f89a74e45bb5947a5ce66473cd8df331918c295cb297a5e7");
}

// Pearson's statistic for `counts` that should be equal, as standard deviations from its mean.
double ChiSquareDeviations(const std::vector<int64_t>& counts) {
  const double expected =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0})) /
      static_cast<double>(counts.size());
  double statistic = 0;
  for (const int64_t count : counts)
    statistic += std::pow(static_cast<double>(count) - expected, 2) / expected;
  const double freedom = static_cast<double>(counts.size() - 1);
  return (statistic - freedom) / std::sqrt(2 * freedom);
}

TEST(Random, UniformFillsItsIntervalEvenly) {
  Random random(1, "uniform test");
  std::vector<int64_t> counts(1000);
  for (int i = 0; i < 1'000'000; ++i) {
    const double x = random.Uniform();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    ++counts[static_cast<size_t>(x * 1000)];
  }
  EXPECT_LT(std::fabs(ChiSquareDeviations(counts)), 4);
}

TEST(Random, BelowIsEvenForBoundsThatAreNoPowersOfTwo) {
  for (const uint64_t bound : {2, 3, 7, 1000}) {
    Random random(2, "below test");
    std::vector<int64_t> counts(bound);
    for (int i = 0; i < 200'000; ++i) ++counts[random.Below(bound)];
    EXPECT_LT(std::fabs(ChiSquareDeviations(counts)), 4) << bound;
  }
  Random random(3, "below test");
  EXPECT_EQ(random.Below(1), 0u);
  int64_t multiples = 0;  // of three: half of all draws if none were rejected
  const uint64_t bound = uint64_t{3} << 62;
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t x = random.Below(bound);
    ASSERT_LT(x, bound);
    multiples += x % 3 == 0;
  }
  EXPECT_NEAR(static_cast<double>(multiples) / 100'000, 1.0 / 3, 0.006);
}

TEST(Random, NormalHasTheMomentsAndTailsOfANormal) {
  Random random(4, "normal test");
  constexpr int kDraws = 1'000'000;
  double sum = 0, squares = 0, fourth = 0;
  std::vector<int64_t> counts(100);
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    ++counts[std::min<size_t>(99, static_cast<size_t>(100 * 0.5 * std::erfc(-x / std::sqrt(2.0))))];
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.004);
  EXPECT_NEAR(squares / kDraws, 1, 0.006);
  EXPECT_NEAR(fourth / kDraws, 3, 0.05);
  EXPECT_LT(std::fabs(ChiSquareDeviations(counts)), 4);
}

// The normal and the exponential use a logarithm and a cosine of our own.
TEST(Random, NormalAndExponentialAreTheirFormulas) {
  Random random(5, "formula test");
  Random same(5, "formula test");
  for (int i = 0; i < 100'000; ++i) {
    const double u = 1 - same.Uniform();
    const double v = same.Uniform();
    const double expected = std::sqrt(-2 * std::log(u)) * std::cos(2 * M_PI * v);
    ASSERT_NEAR(random.Normal(), expected, 1e-14) << u << " " << v;
    const double w = same.Uniform();
    ASSERT_NEAR(random.Exponential(), -std::log(1 - w), 4e-15) << w;
  }
}

TEST(Random, ShuffleIsAPermutationAndEveryOrderIsAsLikely) {
  Random random(6, "shuffle test");
  std::vector<int64_t> counts(24);
  for (int i = 0; i < 48'000; ++i) {
    std::array<int, 4> items{0, 1, 2, 3};
    random.Shuffle(std::span<int>(items));
    std::array<int, 4> order = {0, 1, 2, 3};
    size_t rank = 0;
    while (order != items && std::next_permutation(order.begin(), order.end())) ++rank;
    ASSERT_EQ(order, items);
    ++counts[rank];
  }
  EXPECT_LT(std::fabs(ChiSquareDeviations(counts)), 4);
  std::vector<int> large(1000), sorted(1000);
  std::iota(large.begin(), large.end(), 0);
  sorted = large;
  random.Shuffle(std::span(large));
  EXPECT_NE(large, sorted);
  std::sort(large.begin(), large.end());
  EXPECT_EQ(large, sorted);
  random.Shuffle(std::span<int>());
}

TEST(Random, FillsWithinBounds) {
  Random random(7, "fill test");
  std::vector<float> values(10'000);
  random.FillUniform(values, -0.5F, 0.25F);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  EXPECT_GE(*low, -0.5F);
  EXPECT_LE(*high, 0.25F);
  EXPECT_NEAR(*low, -0.5F, 0.001);
  EXPECT_NEAR(*high, 0.25F, 0.001);
}

}  // namespace
}  // namespace tributary
