#pragma once
// One HTTP request to a port of this machine.

#include <string>
#include <vector>

namespace tributary {

struct HttpReply {
  int status = 0;  // 0: nobody answered
  std::string headers, body;
};

// `headers` are whole lines; "Host: localhost" is said where none of them names a host.
HttpReply HttpGet(int port, const std::string& path, const std::vector<std::string>& headers = {},
                  const std::string& method = "GET");

}  // namespace tributary
