#pragma once
// Hosts in network namespaces of their own, and the wire between them in this process: a TUN device
// for each host, whose packets are delivered late, lost, slowly or not at all, as a test says. It
// needs no bridge, no queueing discipline and nothing of the machine's own network; the kernel has
// to allow namespaces (root, /dev/net/tun).

#include <functional>
#include <memory>
#include <string>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary {

// What happens to the packets that a host sends and to those that are sent to it.
struct Line {
  double loss = 0;               // probability for each packet
  Duration delay{0};             // of each packet
  int64_t bytes_per_second = 0;  // that it may send; 0: any number
  bool is_cut = false;           // packets vanish, and nobody is told
};

class VirtualNetwork {
 public:
  // FAILED_PRECONDITION says what the kernel does not allow. Equal seeds lose the same packets.
  static Result<std::unique_ptr<VirtualNetwork>> Make(int hosts, uint64_t seed = 1);
  ~VirtualNetwork();

  static std::string AddressOf(int host);  // 10.77.0.x
  void Set(int host, const Line& line);
  // Calls it as that host: sockets and processes that it makes are there. One thread at a time.
  void In(int host, const std::function<void()>& call) const;

 private:
  struct Wire;
  explicit VirtualNetwork(std::unique_ptr<Wire> wire);
  std::unique_ptr<Wire> wire_;
};

}  // namespace tributary
