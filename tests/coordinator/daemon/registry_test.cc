#include "coordinator/daemon/registry.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"
#include "tests/support/memory_store.h"

namespace tributary::daemon {
namespace {

using std::chrono::hours;

const ClientId kSite{"site-a"};
TimePoint At(int64_t hour) { return {hours(hour)}; }

class Quarantine : public testing::Test {
 protected:
  Quarantine() { EXPECT_THAT(registry_.Enrol(kSite, {}), IsOk()); }
  store::MemoryStore store_;
  Registry registry_ = *Registry::Open(store_);
};

TEST_F(Quarantine, BeginsWithTheThirdRejectionOfADay) {
  EXPECT_EQ(*registry_.Reject(kSite, At(0), {}), false);
  EXPECT_EQ(*registry_.Reject(kSite, At(20), {}), false);
  EXPECT_EQ(*registry_.Reject(kSite, At(25), {}), false);  // the first is a day old
  EXPECT_EQ(*registry_.Reject(kSite, At(26), {}), true);
  EXPECT_EQ(registry_.Find(kSite)->quarantine, At(26));
  EXPECT_EQ(*registry_.Reject(kSite, At(27), {}), false);  // it is in already
}

TEST_F(Quarantine, OutlivesTheProcessAndTimeAndEndsByAWord) {
  for (const int64_t hour : {1, 2, 3}) ASSERT_THAT(registry_.Reject(kSite, At(hour), {}), IsOk());
  Registry again = *Registry::Open(store_);
  EXPECT_EQ(again.Find(kSite)->quarantine, At(3));
  EXPECT_EQ(again.Find(kSite)->rejected.size(), 3u);
  ASSERT_THAT(again.Release(kSite), IsOk());
  EXPECT_FALSE(Registry::Open(store_)->Find(kSite)->quarantine);
  EXPECT_EQ(*again.Reject(kSite, At(4), {}), false);  // it begins anew
  EXPECT_THAT(again.Release(kSite), Fails(Code::kFailedPrecondition, "not in quarantine"));
  EXPECT_THAT(again.Release({"site-b"}), Fails(Code::kNotFound, "no client site-b"));
}

TEST_F(Quarantine, ThatCannotBeReadStopsTheStart) {
  ASSERT_THAT(store_.Put(kProject, "rejections/site-a", "[]"), IsOk());
  EXPECT_THAT(Registry::Open(store_), Fails(Code::kDataLoss, "rejections/site-a"));
}

}  // namespace
}  // namespace tributary::daemon
