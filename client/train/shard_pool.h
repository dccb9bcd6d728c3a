#pragma once
// Threads that run the shards of one task side by side. Each has one torch thread of its own, so
// the number of shards, not of processors, decides what is computed.

#include <barrier>
#include <functional>
#include <thread>
#include <vector>

namespace tributary::train {

// Makes the calling thread compute alone: libtorch's and its products' thread counts become one.
void UseOneTorchThread();

class ShardPool {
 public:
  explicit ShardPool(int shards);  // makes shards - 1 threads; the caller is shard 0
  ~ShardPool();
  // Calls work(shard) for every shard and returns when all are done; the first exception is thrown
  // again here.
  void Run(const std::function<void(int)>& work);

 private:
  void Do(int shard);

  std::barrier<> start_, done_;
  const std::function<void(int)>* work_ = nullptr;
  std::vector<std::exception_ptr> failures_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tributary::train
