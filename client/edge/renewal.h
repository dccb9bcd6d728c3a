#pragma once
// Keeps a site's certificate current: asks for another one, for a new key, when a third of its life
// is left. gRPC looks at the files again by itself.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "proto/rpc/channel.h"

namespace tributary::edge {

class Renewal {
 public:
  // `channel` outlives it; `notify` is called on its thread.
  Renewal(rpc::Channel& channel, std::function<void(std::string_view)> notify);
  ~Renewal();

 private:
  void Work();
  // How long until it is looked at again.
  Duration Look();

  rpc::Channel& channel_;
  const std::function<void(std::string_view)> notify_;
  int failures_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tributary::edge
