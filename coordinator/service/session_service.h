#pragma once
// The control stream: converts, posts, converts. See proto/PROTOCOL.md.

#include <grpcpp/grpcpp.h>

#include <memory>

#include "coordinator/daemon/driver.h"
#include "coordinator/service/gate.h"
#include "coordinator/service/session_hub.h"

namespace tributary::service {

// All outlive the service.
std::unique_ptr<grpc::Service> MakeSessionService(daemon::Driver& driver, SessionHub& hub,
                                                  Gate& gate);

}  // namespace tributary::service
