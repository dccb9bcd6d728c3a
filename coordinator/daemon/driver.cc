#include "coordinator/daemon/driver.h"

#include "aggregation/base/crash_point.h"

namespace tributary::daemon {
namespace {

TimePoint SystemTime() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Duration>(now)};
}

}  // namespace

Driver::Driver(Listener& listener, Observer& observer, int workers)
    : listener_(listener), observer_(observer), began_(SystemTime()), pool_(workers) {}

Driver::~Driver() {
  Stop();
  if (thread_.joinable()) thread_.join();
}

void Driver::Start(std::unique_ptr<Federation> federation) {
  federation_ = std::move(federation);
  thread_ = std::thread([this] { Drive(); });
}

void Driver::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  queued_.notify_all();
  pool_.Stop();
}

bool Driver::Post(std::function<void(Federation&)> task) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return false;
    queue_.push_back(std::move(task));
  }
  queued_.notify_one();
  return true;
}

void Driver::Work(std::function<std::function<void()>()> work) {
  pool_.Post([this, work = std::move(work)] { Post([then = work()](Federation&) { then(); }); });
}

size_t Driver::waiting_calls() {
  const std::scoped_lock lock(mutex_);
  return queue_.size();
}

void Driver::Point(std::string_view name) { CrashPoint(name); }

TimePoint Driver::Now() {
  const auto passed = std::chrono::steady_clock::now() - steady_began_;
  return began_ + std::chrono::duration_cast<Duration>(passed);
}

void Driver::Drive() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto is_due = [this] { return stopping_ || !queue_.empty(); };
    if (const auto deadline = federation_->NextDeadline())
      queued_.wait_for(lock, *deadline - Now(), is_due);
    else
      queued_.wait(lock, is_due);
    std::deque<std::function<void(Federation&)>> tasks = std::exchange(queue_, {});
    if (stopping_ && tasks.empty()) return;
    lock.unlock();
    busy_.Begin();
    for (const auto& task : tasks) task(*federation_);
    federation_->OnTime();
    listener_.Idle();
    busy_.End();
    lock.lock();
  }
}

}  // namespace tributary::daemon
