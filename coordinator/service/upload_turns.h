#pragma once
// How many uploads are read at the same time: each holds a few MiB while its bytes come in. The
// others wait in the order in which they came, with nothing sent yet. An upload that waits for a
// slow sender lets the next one begin. Any thread.

#include <grpcpp/alarm.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "aggregation/base/ids.h"

namespace tributary::service {

class UploadTurns;

// From when it is given until it is destroyed. One thread at a time.
class UploadTurn {
 public:
  ~UploadTurn();
  void Waits();  // for its sender, from now on
  void Works() { waits_since_ = 0; }

 private:
  friend class UploadTurns;
  explicit UploadTurn(std::shared_ptr<UploadTurns> turns) : turns_(std::move(turns)) {}
  const std::shared_ptr<UploadTurns> turns_;
  std::atomic<int64_t> waits_since_{0};  // microseconds; 0: it does not
  bool counts_ = true;                   // with the mutex of turns_
};

class UploadTurns : public std::enable_shared_from_this<UploadTurns> {
 public:
  using Begin = std::function<void(std::unique_ptr<UploadTurn>)>;

  static std::shared_ptr<UploadTurns> Make(size_t most);
  // Calls `begin` now, or later on the thread that made room; it must not block.
  void Take(Begin begin);

 private:
  friend class UploadTurn;
  explicit UploadTurns(size_t most) : most_(most) {}
  void Leave(UploadTurn* turn);
  void BeginNext();
  void LookForSlow();
  void LookLater();  // with mutex_ held

  const size_t most_;
  std::mutex mutex_;
  std::set<UploadTurn*> given_;
  size_t counted_ = 0;  // of those given
  std::deque<Begin> waiting_;
  bool looks_ = false;
  grpc::Alarm alarm_;  // while somebody waits
};

}  // namespace tributary::service
