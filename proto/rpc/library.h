#pragma once

#include <string>

namespace tributary::rpc {

std::string LibraryVersion();  // "gRPC 1.51.1"

// gRPC begins, if it has not, and ends with all its threads when the process does, before OpenSSL.
void UseLibrary();

}  // namespace tributary::rpc
