#include "coordinator/service/rate_limit.h"

#include <gtest/gtest.h>

namespace tributary::service {
namespace {

TimePoint At(double seconds) { return {Duration(static_cast<int64_t>(seconds * 1e6))}; }

TEST(RateLimit, LetsABurstThroughAndThenTheRate) {
  RateLimit limit(2, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limit.Take("a", At(0)));
  EXPECT_FALSE(limit.Take("a", At(0)));
  EXPECT_FALSE(limit.Take("a", At(0.4)));
  EXPECT_TRUE(limit.Take("a", At(0.6)));
  EXPECT_FALSE(limit.Take("a", At(0.7)));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limit.Take("a", At(100))) << i;  // no more than a burst
  EXPECT_FALSE(limit.Take("a", At(100)));
}

TEST(RateLimit, CountsEachCallerApart) {
  RateLimit limit(1, 1);
  EXPECT_TRUE(limit.Take("a", At(0)));
  EXPECT_TRUE(limit.Take("b", At(0)));
  EXPECT_FALSE(limit.Take("a", At(0)));
}

TEST(RateLimit, KeepsABoundedNumberOfCallers) {
  RateLimit limit(1, 2);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) taken += limit.Take(std::to_string(i), At(0));
  EXPECT_EQ(taken, 16'384);
  EXPECT_TRUE(limit.Take("later", At(10)));  // the others have waited long enough to be forgotten
}

}  // namespace
}  // namespace tributary::service
