#pragma once
// The thread that owns the federation, the queue in front of it, and the threads that do for it
// what takes long. The driver's contract is that of coordinator/core/ready.h; run.cc keeps it.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "aggregation/base/busy_clock.h"
#include "aggregation/base/worker_pool.h"
#include "coordinator/daemon/federation.h"

namespace tributary::daemon {

// Where messages to clients go and who hears of changes; called from the driver's thread.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void Send(const ClientId& client, proto::CoordinatorMessage message) = 0;
  virtual void Changed(const RunId& run) = 0;
  virtual void Idle() = 0;  // all that had been asked is done, and more may be asked
};

class Driver : public Surroundings {
 public:
  // `workers` threads for what takes long. Listener and observer outlive the driver.
  Driver(Listener& listener, Observer& observer, int workers);
  ~Driver() override;  // Stop, then joins

  // Takes the federation over and begins.
  void Start(std::unique_ptr<Federation> federation);
  // Work in progress ends, what was asked before is done, then nothing is any more.
  void Stop();

  // Calls `task` with the federation, later, on the driver's thread, in the order of the calls.
  // False once stopped; then it is dropped. Any thread. Whoever posts on behalf of a peer waits
  // for its call before it takes the next thing from that peer, which bounds the queue.
  bool Post(std::function<void(Federation&)> task);

  // Microseconds since 1970 that never run backwards, whatever the system's clock does.
  TimePoint Now() override;
  void Send(const ClientId& client, proto::CoordinatorMessage message) override {
    listener_.Send(client, std::move(message));
  }
  void Work(std::function<std::function<void()>()> work) override;
  void Changed(const RunId& run) override { listener_.Changed(run); }
  void Point(std::string_view name) override;
  Observer& observer() override { return observer_; }

  // What waits: calls for the driver's thread, work for the pool. Any thread.
  size_t waiting_calls();
  size_t waiting_work() { return pool_.waiting(); }
  // How long the driver's thread has been at what it does now. Any thread.
  Duration busy() const { return busy_.Passed(); }

 private:
  void Drive();

  Listener& listener_;
  Observer& observer_;
  const TimePoint began_;
  const std::chrono::steady_clock::time_point steady_began_ = std::chrono::steady_clock::now();
  std::unique_ptr<Federation> federation_;
  BusyClock busy_;

  std::mutex mutex_;
  std::condition_variable queued_;
  std::deque<std::function<void(Federation&)>> queue_;
  bool stopping_ = false;
  WorkerPool pool_;
  std::thread thread_;
};

}  // namespace tributary::daemon
