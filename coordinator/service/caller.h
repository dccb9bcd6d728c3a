#pragma once
// Who calls, and whether it may: the identity comes from the verified certificate alone.

#include <grpcpp/grpcpp.h>

#include <string>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary::service {

struct Caller {
  std::string name;
  std::string role;     // "client", "viewer", "researcher", "admin"
  std::string address;  // for logs
};

// The caller, if it may call `method` ("Service/Method") by the one table of rights; a method
// without a row is refused. Without TLS, on loopback only, the caller says who it is.
Result<Caller> Admit(const grpc::ServerContextBase& context, std::string_view method,
                     bool is_secure);

grpc::Status ToGrpc(const Error& error);

}  // namespace tributary::service
