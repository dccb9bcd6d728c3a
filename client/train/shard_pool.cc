#include "client/train/shard_pool.h"

#include "client/train/torch_headers.h"

namespace tributary::train {

void UseOneTorchThread() {
  thread_local const bool done = (at::set_num_threads(1), true);
  static_cast<void>(done);
}

ShardPool::ShardPool(int shards)
    : start_(shards), done_(shards), failures_(static_cast<size_t>(shards)) {
  for (int i = 1; i < shards; ++i)
    threads_.emplace_back([this, i] {
      UseOneTorchThread();
      for (;;) {
        start_.arrive_and_wait();
        if (stopping_) return;
        Do(i);
        done_.arrive_and_wait();
      }
    });
}

ShardPool::~ShardPool() {
  stopping_ = true;
  if (!threads_.empty()) start_.arrive_and_wait();
  for (std::thread& thread : threads_) thread.join();
}

void ShardPool::Do(int shard) {
  auto& failure = failures_[static_cast<size_t>(shard)];
  try {
    failure = nullptr;
    (*work_)(shard);
  } catch (...) {
    failure = std::current_exception();
  }
}

void ShardPool::Run(const std::function<void(int)>& work) {
  work_ = &work;
  if (!threads_.empty()) start_.arrive_and_wait();
  Do(0);
  if (!threads_.empty()) done_.arrive_and_wait();
  for (const auto& failure : failures_)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace tributary::train
