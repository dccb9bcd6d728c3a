#pragma once
// The coordinator's gRPC server: its ports, its services, and how it stops.

#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <memory>
#include <span>

#include "coordinator/service/gate.h"

namespace tributary::service {

struct ServerOptions {
  std::string listen;                                    // "host:port"; port 0: any
  std::shared_ptr<grpc::ServerCredentials> credentials;  // null: without TLS, on loopback only
  bool is_for_strangers = false;  // without certificates: few at once, and not for long
};

class Server {
 public:
  // The services and the gate, whose limits hold, are the caller's and outlive the server.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options, Gate& gate,
                                               std::span<grpc::Service* const> services);
  ~Server();

  int port() const { return doorman_->port(); }
  // Calls in progress have that long to end by themselves, then they are cancelled.
  void Stop(Duration patience);

 private:
  Server(Gate& gate, bool is_for_strangers) : gate_(gate), is_for_strangers_(is_for_strangers) {}
  void LetIn();
  void GrantMemory(size_t open_calls);

  Gate& gate_;
  const bool is_for_strangers_;
  grpc::ResourceQuota quota_;
  std::unique_ptr<Doorman> doorman_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tributary::service
