#pragma once
// Uploads into the spool and downloads from blobs, chunk by chunk. Disks are touched on the pool's
// threads, never on gRPC's.

#include <grpcpp/grpcpp.h>

#include <memory>

#include "aggregation/base/worker_pool.h"
#include "coordinator/daemon/driver.h"
#include "coordinator/daemon/transfers.h"
#include "coordinator/service/upload_slots.h"

namespace tributary::service {

struct TransferParts {  // all outlive the service
  daemon::Driver& driver;
  daemon::Transfers& transfers;  // used on the driver's thread
  store::UploadStore& uploads;
  WorkerPool& pool;
  daemon::TransferCounters& counters;
  Gate& gate;
  UploadSlots& slots;
};

std::unique_ptr<grpc::Service> MakeTransferService(TransferParts parts);

}  // namespace tributary::service
