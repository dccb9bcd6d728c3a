#pragma once
// Threads that do what is posted, in the order of the posts. Stopping drops what has not begun.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tributary {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  ~WorkerPool();  // Stop, then waits for what runs

  // False once stopped; then `work` is dropped. Any thread.
  bool Post(std::function<void()> work);
  void Stop();

  size_t waiting();  // work that has not begun

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tributary
