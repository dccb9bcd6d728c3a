#pragma once
// TCP as a server sees it: listening sockets, and who is at the other end.

#include <string>
#include <vector>

#include "aggregation/base/file_handle.h"
#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary::service {

struct Listeners {
  std::vector<FileHandle> sockets;  // non-blocking, one for each address of the host
  int port = 0;
};

// "host:port"; port 0: any. UNAVAILABLE or INVALID_ARGUMENT names the address.
Result<Listeners> ListenOn(const std::string& listen);

struct PeerName {
  std::string peer;     // "ipv4:10.1.2.3:4567", as gRPC has it
  std::string address;  // whom limits count together: the host, of IPv6 its network of 64 bits
};
// Of a connected socket; empty where it is none any more.
PeerName PeerOf(int fd);

// Sends small messages at once, and ends the connection when sent bytes stay unanswered so long.
void Tune(int fd, Duration unanswered);

}  // namespace tributary::service
