#pragma once
// What operators ask. Every answer is made on the driver's thread, from one state of the run.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <set>

#include "aggregation/log/recent.h"
#include "coordinator/daemon/driver.h"
#include "coordinator/service/gate.h"

namespace tributary::service {

// Who watches runs: told by the driver of every change.
class Watchers {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void OnChange() = 0;  // does not block
  };
  void Add(const RunId& run, Watcher* watcher);
  void Remove(const RunId& run, Watcher* watcher);
  void Changed(const RunId& run);
  void ChangedAll();  // so that streams notice that the coordinator stops

 private:
  std::mutex mutex_;
  std::multimap<RunId, Watcher*> watchers_;
};

// Stages a backup (coordinator/backup) and says where it is; called on the driver's thread.
using StageBackup = std::function<Result<std::filesystem::path>()>;

std::unique_ptr<grpc::Service> MakeAdminService(daemon::Driver& driver, Watchers& watchers,
                                                RecentEvents& recent, Gate& gate,
                                                StageBackup stage_backup);

}  // namespace tributary::service
