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

// Without TLS, on loopback only, the caller says who it is.
Result<Caller> CallerOf(const grpc::ServerContextBase& context, bool is_secure);

// The one table of who may call what; a method without a row is refused.
Status Authorise(const Caller& caller, std::string_view method);

grpc::Status ToGrpc(const Error& error);

}  // namespace tributary::service
