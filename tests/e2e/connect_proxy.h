#pragma once
// An HTTP proxy that opens tunnels (RFC 9110, 9.3.6) on loopback, and cuts them when a test says
// so.

#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "aggregation/base/file_handle.h"

namespace tributary {

class ConnectProxy {
 public:
  ConnectProxy();
  ~ConnectProxy();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> asked() const;  // "host:port" of each tunnel, in order
  void CutAll();                           // what is open; more may come

 private:
  void Accept();
  void Tunnel(int client);

  FileHandle listener_;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<int> open_;  // both ends of each tunnel
  std::list<std::jthread> tunnels_;
  std::jthread accepting_;
};

}  // namespace tributary
