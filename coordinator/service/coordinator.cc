#include "coordinator/service/coordinator.h"

#include <grpcpp/impl/service_type.h>

#include "aggregation/base/file.h"
#include "aggregation/base/version.h"
#include "coordinator/service/session_service.h"
#include "coordinator/service/transfer_service.h"
#include "coordinator/store/sqlite_store.h"

namespace tributary::service {

constexpr int kDiskThreads = 8;

CoordinatorDaemon::CoordinatorDaemon(const daemon::Settings& settings, bool insecure,
                                     std::unique_ptr<Log> log)
    : insecure_(insecure),
      log_(std::move(log)),
      disk_pool_(kDiskThreads),
      event_log_(*log_),
      observers_(metrics_, event_log_),
      endpoints_(driver_, metrics_,
                 [this] {
                   return monitor::Readings{{{"driver", driver_.waiting_calls()},
                                             {"fold", driver_.waiting_work()},
                                             {"transfer", disk_pool_.waiting()}},
                                            transferred_.received,
                                            transferred_.sent};
                 }),
      driver_(*this, observers_, static_cast<int>(settings.threads)) {}

Result<std::unique_ptr<CoordinatorDaemon>> CoordinatorDaemon::Start(
    const daemon::Settings& settings, bool insecure) {
  ASSIGN_OR_RETURN(auto log, Log::Open(settings.log));
  auto daemon =
      std::unique_ptr<CoordinatorDaemon>(new CoordinatorDaemon(settings, insecure, std::move(log)));
  RETURN_IF_ERROR(daemon->Open(settings));
  return daemon;
}

Status CoordinatorDaemon::Open(const daemon::Settings& settings) {
  const std::filesystem::path directory = settings.directory / settings.project;
  RETURN_IF_ERROR(MakeDirectories(directory));
  RETURN_IF_ERROR(OpenHttp(settings));
  ASSIGN_OR_RETURN(states_, store::OpenSqliteStore(directory / "state.db"));
  ASSIGN_OR_RETURN(uploads_, store::UploadStore::Open(directory / "uploads"));
  daemon::FederationOptions options;
  options.project = settings.project;
  options.directory = directory;
  options.threads = static_cast<int>(settings.threads);
  options.most_runs = settings.most_runs;
  options.enrol_on_sight = insecure_;
  ASSIGN_OR_RETURN(auto federation,
                   daemon::Federation::Open(options, *states_, *uploads_, driver_));
  driver_.Start(std::move(federation));
  services_.push_back(MakeSessionService(driver_, hub_, !insecure_));
  services_.push_back(
      MakeTransferService({driver_, transfers_, *uploads_, disk_pool_, transferred_, !insecure_}));
  services_.push_back(MakeAdminService(driver_, watchers_, !insecure_));
  std::vector<grpc::Service*> services;
  for (const auto& service : services_) services.push_back(service.get());
  ASSIGN_OR_RETURN(server_, Server::Start({settings.listen, insecure_}, services));
  endpoints_.SetReady(true);
  log_->Info("coordinator_started", {{"project", settings.project},
                                     {"version", std::string(kVersion)},
                                     {"listen", settings.listen},
                                     {"port", int64_t{server_->port()}},
                                     {"http", settings.http_listen},
                                     {"insecure", insecure_}});
  return {};
}

// Answers before the runs are recovered, so that whoever watches sees a slow start.
Status CoordinatorDaemon::OpenHttp(const daemon::Settings& settings) {
  if (settings.http_listen.empty()) return {};
  monitor::HttpOptions options;
  options.listen = settings.http_listen;
  if (!settings.http_token_file.empty()) {
    ASSIGN_OR_RETURN(options.token, monitor::ReadToken(settings.http_token_file));
  }
  options.is_open = &monitor::Endpoints::IsOpen;
  options.handle = [this](std::string_view path) { return endpoints_.Serve(path); };
  ASSIGN_OR_RETURN(http_, monitor::HttpServer::Start(std::move(options)));
  return {};
}

std::optional<int> CoordinatorDaemon::http_port() const {
  return http_ == nullptr ? std::nullopt : std::optional(http_->port());
}

CoordinatorDaemon::~CoordinatorDaemon() { Stop(); }

void CoordinatorDaemon::Stop() {
  if (server_ == nullptr) return;
  endpoints_.SetReady(false);
  log_->Info("coordinator_stopping");
  hub_.SendToAll({proto::Goodbye{"the coordinator stops", std::chrono::seconds(5)}});
  hub_.CloseAll({Code::kUnavailable, "the coordinator stops"});
  driver_.Stop();
  watchers_.ChangedAll();
  server_->Stop(std::chrono::seconds(5));
  server_.reset();
  log_->Info("coordinator_stopped");
}

}  // namespace tributary::service
