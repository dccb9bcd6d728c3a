#include "proto/rpc/library.h"

#include <grpcpp/grpcpp.h>

namespace tributary::rpc {

std::string LibraryVersion() { return "gRPC " + grpc::Version(); }

}  // namespace tributary::rpc
