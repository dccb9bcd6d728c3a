#pragma once
// gRPC's own services, health and reflection, come through the gate like ours: their calls have
// rows in the table of rights, and whoever may not make one finds it cancelled.

#include <grpcpp/support/server_interceptor.h>

#include "coordinator/service/gate.h"

namespace tributary::service {

// For a server's builder; the gate outlives the server. Calls of other services are not touched.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> GuardLibraryCalls(
    Gate& gate);

}  // namespace tributary::service
