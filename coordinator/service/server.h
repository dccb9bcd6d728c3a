#pragma once
// The coordinator's gRPC server: its ports, its services, and how it stops.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <span>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary::service {

struct ServerOptions {
  std::string listen;                                    // "host:port"; port 0: any
  std::shared_ptr<grpc::ServerCredentials> credentials;  // null: without TLS, on loopback only
  bool is_for_strangers = false;  // without certificates: few at once, and not for long
};

class Server {
 public:
  // The services are the caller's and outlive the server.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                               std::span<grpc::Service* const> services);
  ~Server();

  int port() const { return port_; }
  // Calls in progress have that long to end by themselves, then they are cancelled.
  void Stop(Duration patience);

 private:
  Server() = default;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace tributary::service
