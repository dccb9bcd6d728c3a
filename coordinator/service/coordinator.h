#pragma once
// The whole daemon: stores, driver and servers, put together and taken apart in order.

#include <memory>
#include <optional>

#include "coordinator/daemon/settings.h"
#include "coordinator/daemon/transfers.h"
#include "coordinator/monitor/endpoints.h"
#include "coordinator/monitor/event_log.h"
#include "coordinator/monitor/observers.h"
#include "coordinator/service/admin_service.h"
#include "coordinator/service/identity_service.h"
#include "coordinator/service/server.h"
#include "coordinator/service/session_hub.h"
#include "coordinator/service/upload_slots.h"
#include "coordinator/store/sqlite_store.h"

namespace tributary::service {

// Of the log, in memory, for `tributary logs`.
inline constexpr size_t kMostRecent = 8192, kMostRecentBytes = size_t{4} << 20;

class CoordinatorDaemon : private daemon::Listener {
 public:
  // Recovers every run, then serves. Errors name the file, the run or the address.
  static Result<std::unique_ptr<CoordinatorDaemon>> Start(const daemon::Settings& settings,
                                                          bool insecure);
  ~CoordinatorDaemon() override;

  int port() const { return server_->port(); }
  std::optional<int> enrolment_port() const;  // none without TLS
  std::optional<int> http_port() const;
  Log& log() { return *log_; }
  // How long the thread that owns the runs has been at what it does now.
  Duration busy() const { return driver_.busy(); }
  // Renews the coordinator's own certificate when it is time, reads the issuing authority, the
  // trusted roots and the log's level anew. What fails is logged, and stays as it was. One thread
  // at a time.
  void KeepUp(const Result<daemon::Settings>& settings);
  // Tells clients when to come back, ends what is durable, then returns.
  void Stop();

 private:
  CoordinatorDaemon(const daemon::Settings& settings, bool insecure, std::unique_ptr<Log> log,
                    std::unique_ptr<monitor::AuditTrail> trail);
  Status Open(const daemon::Settings& settings);
  Status OpenIdentity(const daemon::Settings& settings, daemon::Federation& federation);
  Status KeepIdentity(const daemon::Settings& settings, const identity::Issuer& issuer);
  Status Serve(const daemon::Settings& settings);
  Result<std::filesystem::path> StageBackup();
  Status OpenHttp(const daemon::Settings& settings);
  void Send(const ClientId& client, proto::CoordinatorMessage message) override {
    hub_.Send(client, message);
  }
  void Changed(const RunId& run) override { watchers_.Changed(run); }
  void Idle() override;

  const bool insecure_;
  int64_t incarnation_ = 1;
  int64_t backups_ = 0;  // that were staged; on the driver's thread
  RecentEvents recent_{kMostRecent, kMostRecentBytes};
  std::unique_ptr<Log> log_;
  std::unique_ptr<monitor::AuditTrail> trail_;
  Refusals refusals_;
  Gate gate_;
  UploadSlots slots_;
  SessionHub hub_;
  Watchers watchers_;
  std::filesystem::path directory_;  // of the project
  std::unique_ptr<store::SqliteStateStore> states_;
  std::unique_ptr<store::UploadStore> uploads_;
  daemon::Transfers transfers_;
  daemon::TransferCounters transferred_;
  WorkerPool disk_pool_;
  monitor::Metrics metrics_;
  monitor::EventLog event_log_;
  monitor::Observers observers_;
  monitor::Endpoints endpoints_;  // outlives the driver's thread, which may still answer for it
  daemon::Driver driver_;
  std::unique_ptr<identity::Registrar> registrar_;
  std::unique_ptr<http::Server> http_;
  std::vector<std::unique_ptr<grpc::Service>> services_, enrolment_services_;
  std::unique_ptr<Server> server_, enrolment_server_;
};

}  // namespace tributary::service
