#pragma once

#include <string_view>

namespace tributary::rpc {

// Whether "host:port" can be reached from this machine only.
inline bool IsLoopback(std::string_view address) {
  const std::string_view host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

}  // namespace tributary::rpc
