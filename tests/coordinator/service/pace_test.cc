#include "coordinator/service/pace.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace tributary::service {
namespace {

using std::chrono::seconds;

TimePoint At(int64_t second) { return {seconds(second)}; }
const PaceLimits kLimits = {seconds(30), 100, seconds(60)};

TEST(Pace, EndsAGapThatIsTooLong) {
  Pace pace(kLimits);
  EXPECT_THAT(pace.Check(At(1000)), IsOk());  // nobody waits
  pace.Wait(At(1000));
  EXPECT_THAT(pace.Check(At(1030)), IsOk());
  EXPECT_THAT(pace.Check(At(1031)), Fails(Code::kCancelled, "nothing came for 31 s"));
  pace.Got(At(1031), 1);
  EXPECT_THAT(pace.Check(At(2000)), IsOk());  // it is our turn
}

TEST(Pace, MeasuresTheRateOverTheTimeThatThePeerTakes) {
  Pace pace(kLimits);
  int64_t now = 0;
  const auto chunk = [&](int64_t after, int64_t bytes) {
    pace.Wait(At(now));
    pace.Got(At(now += after), bytes);
    now += 500;  // of ours
  };
  chunk(29, 1);
  chunk(29, 1);
  EXPECT_THAT(pace.Check(At(now)), IsOk());  // not yet a window
  chunk(2, 5998);
  EXPECT_THAT(pace.Check(At(now)), IsOk());  // just enough, and a new window begins
  chunk(29, 100);
  chunk(29, 100);
  chunk(29, 100);
  EXPECT_THAT(pace.Check(At(now)), Fails(Code::kCancelled, "300 bytes in 87 s"));
}

TEST(Pace, SeesASlowPeerWhileItWaits) {
  Pace pace({seconds(100), 100, seconds(60)});
  pace.Wait(At(0));
  EXPECT_THAT(pace.Check(At(59)), IsOk());
  EXPECT_THAT(pace.Check(At(61)), Fails(Code::kCancelled, "0 bytes in 61 s"));
}

}  // namespace
}  // namespace tributary::service
