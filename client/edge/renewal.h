#pragma once
// Keeps a site's certificate current: asks for another one, for a new key, when a third of its life
// is left. gRPC looks at the files again by itself.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "aggregation/log/log.h"
#include "proto/rpc/channel.h"

namespace tributary::edge {

class Renewal {
 public:
  // Both outlive it.
  Renewal(rpc::Channel& channel, Log& log);
  ~Renewal();

 private:
  void Work();
  // How long until it is looked at again.
  Duration Look();

  rpc::Channel& channel_;
  Log& log_;
  int failures_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tributary::edge
