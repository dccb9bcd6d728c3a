#pragma once

#include <string>

namespace tributary::rpc {

std::string LibraryVersion();  // "gRPC 1.51.1"

}  // namespace tributary::rpc
