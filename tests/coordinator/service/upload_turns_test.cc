// Uploads take turns: so many at once, in order, and a slow sender holds nobody up.

#include "coordinator/service/upload_turns.h"

#include <gtest/gtest.h>

#include <condition_variable>

namespace tributary::service {
namespace {

class Turns : public testing::Test {
 protected:
  void Take(int number) {
    turns_->Take([this, number](std::unique_ptr<UploadTurn> turn) {
      const std::scoped_lock lock(mutex_);
      given_.emplace_back(number, std::move(turn));
      changed_.notify_all();
    });
  }
  std::vector<int> Given() {
    const std::scoped_lock lock(mutex_);
    std::vector<int> numbers;
    for (const auto& [number, turn] : given_) numbers.push_back(number);
    return numbers;
  }
  std::unique_ptr<UploadTurn> Out(size_t index) {
    const std::scoped_lock lock(mutex_);
    auto turn = std::move(given_[index].second);
    given_.erase(given_.begin() + static_cast<ptrdiff_t>(index));
    return turn;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<int, std::unique_ptr<UploadTurn>>> given_;
  std::shared_ptr<UploadTurns> turns_ = UploadTurns::Make(2);
};

TEST_F(Turns, AreGivenInOrderAndToSoManyAtOnce) {
  for (int i = 0; i < 5; ++i) Take(i);
  EXPECT_EQ(Given(), (std::vector{0, 1}));
  Out(0).reset();
  EXPECT_EQ(Given(), (std::vector{1, 2}));
  Out(1).reset();
  Out(0).reset();
  EXPECT_EQ(Given(), (std::vector{3, 4}));
}

TEST_F(Turns, OfSlowSendersLetOthersBegin) {
  for (int i = 0; i < 4; ++i) Take(i);
  given_[0].second->Waits();
  given_[1].second->Works();
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, std::chrono::minutes(1), [&] { return given_.size() == 3; }));
  lock.unlock();
  EXPECT_EQ(Given(), (std::vector{0, 1, 2}));
  Out(0).reset();  // did not count any more
  EXPECT_EQ(Given(), (std::vector{1, 2}));
  Out(0).reset();
  EXPECT_EQ(Given(), (std::vector{2, 3}));
}

TEST_F(Turns, OutliveWhatGaveThem) {
  for (int i = 0; i < 3; ++i) Take(i);
  turns_.reset();
  Out(0).reset();
  EXPECT_EQ(Given(), (std::vector{1, 2}));
}

}  // namespace
}  // namespace tributary::service
