#include "privacy/noise_source.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

namespace tributary::privacy {
namespace {

class Scripted final : public BitSource {
 public:
  explicit Scripted(uint64_t (*word)(uint64_t)) : word_(word) {}

 private:
  void Fill(std::span<uint64_t> words) override {
    for (uint64_t& w : words) w = word_(next_++);
  }
  uint64_t (*word_)(uint64_t);
  uint64_t next_ = 0;
};

TEST(NoiseSource, TheSecureOneIsPrivateAndNeverRepeats) {
  const auto source = SecureNoise();
  ASSERT_TRUE(source);
  EXPECT_TRUE((*source)->is_private());
  const auto first = (*source)->Open("round-1"), again = (*source)->Open("round-1");
  int equal = 0;
  for (int i = 0; i < 2000; ++i) equal += first->Next64() == again->Next64();
  EXPECT_EQ(equal, 0);
}

TEST(NoiseSource, TheSeededOneSaysThatItIsNotPrivateAndIsAFunctionOfSeedAndName) {
  const auto source = SeededNoise(7), same = SeededNoise(7), other = SeededNoise(8);
  EXPECT_FALSE(source->is_private());
  EXPECT_THAT(source->statement(), testing::HasSubstr("simulation, not private"));
  const auto a = source->Open("round-1"), b = same->Open("round-1");
  const auto c = source->Open("round-2"), d = other->Open("round-1");
  for (int i = 0; i < 2000; ++i) {
    const uint64_t word = a->Next64();
    EXPECT_EQ(word, b->Next64());
    EXPECT_NE(word, c->Next64());
    EXPECT_NE(word, d->Next64());
  }
}

TEST(NoiseSource, AForkedChildDoesNotRepeatItsParentsBits) {
  const auto source = SecureNoise();
  const auto bits = (*source)->Open("fork");
  (void)bits->Next64();  // the buffer is now full of words that both processes hold
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const uint64_t word = bits->Next64();
    _exit(write(pipe_ends[1], &word, sizeof word) == sizeof word ? 0 : 1);
  }
  uint64_t theirs = 0;
  ASSERT_EQ(read(pipe_ends[0], &theirs, sizeof theirs), static_cast<ssize_t>(sizeof theirs));
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (int i = 0; i < 5000; ++i) EXPECT_NE(bits->Next64(), theirs);  // beyond the buffer, too
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(BitSource, BelowIsUniformAndStaysBelow) {
  const auto bits = SeededNoise(11)->Open("below");
  for (uint64_t bound : {1u, 2u, 3u, 7u, 10u}) {
    std::map<uint64_t, int> counts, wide_counts;
    for (int i = 0; i < 20000; ++i) {
      ++counts[bits->Below(bound)];
      ++wide_counts[static_cast<uint64_t>(bits->Below128(bound))];
    }
    EXPECT_EQ(counts.size(), bound);
    EXPECT_LT(counts.rbegin()->first, bound);
    for (const auto& [value, count] : counts)
      EXPECT_NEAR(count * static_cast<double>(bound) / 20000, 1, 0.15);
    for (const auto& [value, count] : wide_counts)
      EXPECT_NEAR(count * static_cast<double>(bound) / 20000, 1, 0.15);
  }
}

TEST(BitSource, BelowReachesBoundsOfMoreThanSixtyFourBits) {
  const auto bits = SeededNoise(12)->Open("below-128");
  using Wide = unsigned __int128;
  for (const Wide bound :
       {Wide{1} << 64, (Wide{1} << 64) + 1, Wide{3} << 80, (Wide{1} << 100) + 12345}) {
    double sum = 0;
    for (int i = 0; i < 20000; ++i) {
      const Wide value = bits->Below128(bound);
      ASSERT_LT(value, bound);
      sum += static_cast<double>(value) / static_cast<double>(bound);
    }
    EXPECT_NEAR(sum / 20000, 0.5, 0.015);  // seven standard errors
  }
}

TEST(HealthTest, PassesGoodBitsAndRefusesBrokenOnes) {
  const auto source = SeededNoise(3);
  const auto fresh = [&](const char* name) { return source->Open(name); };
  EXPECT_TRUE(CheckHealth(*fresh("a"), *fresh("b")));
  EXPECT_THAT(CheckHealth(*fresh("a"), *fresh("a")).error().message, testing::HasSubstr("agree"));
  Scripted zeros([](uint64_t) { return uint64_t{0}; });
  EXPECT_THAT(CheckHealth(zeros, *fresh("b")).error().message, testing::HasSubstr("ones"));
  Scripted alternating(
      [](uint64_t) { return uint64_t{0xAAAAAAAAAAAAAAAA}; });  // as many ones as zeros
  EXPECT_THAT(CheckHealth(alternating, *fresh("b")).error().message,
              testing::HasSubstr("chi-square"));
  Scripted counter([](uint64_t i) { return i * 0x0101010101010101u; });  // too even to be chance
  EXPECT_FALSE(CheckHealth(counter, *fresh("b")));
}

}  // namespace
}  // namespace tributary::privacy
