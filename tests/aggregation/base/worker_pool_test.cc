// A pool of threads: everything that is posted is done, whatever the work holds.

#include "aggregation/base/worker_pool.h"

#include <gtest/gtest.h>

#include <future>

namespace tributary {
namespace {

TEST(WorkerPool, DoesWhatIsPostedInOrder) {
  std::vector<int> done;
  std::promise<void> all;
  WorkerPool pool(1);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool.Post([&done, i] { done.push_back(i); }));
  pool.Post([&all] { all.set_value(); });
  all.get_future().wait();
  EXPECT_EQ(done, (std::vector{0, 1, 2, 3, 4}));
  pool.Stop();
  EXPECT_FALSE(pool.Post([] {}));
}

// As a transfer that gives its turn to the next one when it goes.
TEST(WorkerPool, WorkMayPostWhenItIsDestroyed) {
  struct PostsLater {
    WorkerPool& pool;
    std::promise<void>& posted;
    ~PostsLater() {
      pool.Post([this_one = &posted] { this_one->set_value(); });
    }
  };
  std::promise<void> posted;
  WorkerPool pool(1);
  pool.Post([held = std::make_shared<PostsLater>(pool, posted)] {});
  EXPECT_EQ(posted.get_future().wait_for(std::chrono::minutes(1)), std::future_status::ready);
}

}  // namespace
}  // namespace tributary
