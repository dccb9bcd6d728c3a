#pragma once
// The coordinator's log over the wire: what a run's journal says of the time before the newest
// events, these, and where it is asked for what comes.

#include <grpcpp/grpcpp.h>

#include "aggregation/log/recent.h"
#include "coordinator/daemon/driver.h"
#include "coordinator/service/gate.h"

namespace tributary::service {

grpc::ServerWriteReactor<grpc::ByteBuffer>* StreamLogs(daemon::Driver& driver, RecentEvents& recent,
                                                       Gate& gate, const Result<Caller>& caller,
                                                       const grpc::ByteBuffer& request);

}  // namespace tributary::service
