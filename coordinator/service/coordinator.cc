#include "coordinator/service/coordinator.h"

#include <unistd.h>

#include <grpcpp/impl/service_type.h>

#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/version.h"
#include "coordinator/backup/backup.h"
#include "coordinator/service/session_service.h"
#include "coordinator/service/transfer_service.h"
#include "proto/rpc/tls.h"

namespace tributary::service {

namespace {

constexpr int kDiskThreads = 8;

Status Listen(const ServerOptions& options, Gate& gate,
              std::span<const std::unique_ptr<grpc::Service>> services,
              std::unique_ptr<Server>* server) {
  std::vector<grpc::Service*> pointers;
  for (const auto& service : services) pointers.push_back(service.get());
  ASSIGN_OR_RETURN(*server, Server::Start(options, gate, pointers));
  return {};
}

}  // namespace

CoordinatorDaemon::CoordinatorDaemon(const daemon::Settings& settings, bool insecure,
                                     std::unique_ptr<Log> log,
                                     std::unique_ptr<monitor::AuditTrail> trail)
    : insecure_(insecure),
      log_(std::move(log)),
      trail_(std::move(trail)),
      refusals_(*log_, *trail_),
      gate_(settings.project, insecure ? "" : daemon::IdentityDirectory(settings), settings.limits,
            *trail_, refusals_),
      slots_(settings.limits.uploads, settings.limits.uploads_per_client),
      disk_pool_(kDiskThreads),
      event_log_(*log_),
      observers_({&metrics_, &event_log_, trail_.get()}),
      endpoints_(driver_, metrics_,
                 [this] {
                   return monitor::Readings{{{"driver", driver_.waiting_calls()},
                                             {"fold", driver_.waiting_work()},
                                             {"transfer", disk_pool_.waiting()}},
                                            transferred_.received,
                                            transferred_.sent,
                                            refusals_.counts(),
                                            uploads_->total_bytes()};
                 }),
      driver_(*this, observers_, static_cast<int>(settings.limits.threads)) {}

Result<std::unique_ptr<CoordinatorDaemon>> CoordinatorDaemon::Start(
    const daemon::Settings& settings, bool insecure) {
  ASSIGN_OR_RETURN(auto log, Log::Open(settings.log));
  ASSIGN_OR_RETURN(auto trail, monitor::AuditTrail::Open(daemon::AuditDirectory(settings), *log));
  auto daemon = std::unique_ptr<CoordinatorDaemon>(
      new CoordinatorDaemon(settings, insecure, std::move(log), std::move(trail)));
  daemon->log_->KeepIn(&daemon->recent_);
  ASSIGN_OR_RETURN(auto models, daemon::OfferedModels::Open(settings.offered_models));
  daemon->transfers_.Offer(std::move(models));
  RETURN_IF_ERROR(daemon->Open(settings));
  RETURN_IF_ERROR(daemon->Serve(settings));
  daemon->endpoints_.SetReady(true);
  daemon->trail_->Note("coordinator_started", {{"project", settings.project},
                                               {"version", kVersion},
                                               {"incarnation", daemon->incarnation_},
                                               {"insecure", insecure}});
  daemon->log_->Info("coordinator_started", {{"project", settings.project},
                                             {"version", std::string(kVersion)},
                                             {"listen", settings.listen},
                                             {"port", int64_t{daemon->port()}},
                                             {"http", settings.http_listen},
                                             {"insecure", insecure}});
  return daemon;
}

Status CoordinatorDaemon::Open(const daemon::Settings& settings) {
  const std::filesystem::path& directory = directory_ = daemon::ProjectDirectory(settings);
  RETURN_IF_ERROR(MakeDirectories(directory));
  RETURN_IF_ERROR(OpenHttp(settings));
  ASSIGN_OR_RETURN(states_, store::OpenSqliteStore(directory / "state.db"));
  std::error_code left_by_a_crash;
  std::filesystem::remove_all(backup::StagingOf(directory), left_by_a_crash);
  ASSIGN_OR_RETURN(uploads_,
                   store::UploadStore::Open(directory / "uploads",
                                            {daemon::BytesOf(settings.limits.upload_quota)}));
  daemon::FederationOptions options;
  options.project = settings.project;
  options.directory = directory;
  options.limits = settings.limits;
  options.retention = settings.retention;
  options.enrol_on_sight = insecure_;
  ASSIGN_OR_RETURN(auto federation,
                   daemon::Federation::Open(options, *states_, *uploads_, driver_));
  if (!insecure_) RETURN_IF_ERROR(OpenIdentity(settings, *federation));
  incarnation_ = federation->incarnation();
  driver_.Start(std::move(federation));
  return {};
}

Status CoordinatorDaemon::OpenIdentity(const daemon::Settings& settings,
                                       daemon::Federation& federation) {
  ASSIGN_OR_RETURN(auto issuer,
                   identity::Issuer::Open(daemon::AuthorityDirectory(settings), settings.project));
  RETURN_IF_ERROR(KeepIdentity(settings, issuer));
  identity::RegistrarEffects effects;
  // The federation outlives every call of the driver's thread.
  effects.enrolled = [&federation](const std::string& name, const daemon::Tags& tags) {
    return federation.Enrol({name}, tags);
  };
  effects.denied = [this](std::set<std::string> denied) { gate_.Deny(std::move(denied)); };
  ASSIGN_OR_RETURN(registrar_, identity::Registrar::Open(
                                   {settings.project, settings.enrolment_address, settings.address},
                                   std::move(issuer), *states_, std::move(effects)));
  return {};
}

Status CoordinatorDaemon::KeepIdentity(const daemon::Settings& settings,
                                       const identity::Issuer& issuer) {
  RETURN_IF_ERROR(identity::KeepCurrent(issuer, daemon::IdentityDirectory(settings),
                                        settings.project, daemon::HostsOf(settings),
                                        rpc::UnixNow()));
  return gate_.Reload();
}

void CoordinatorDaemon::KeepUp(const Result<daemon::Settings>& settings) {
  const auto keep = [&]() -> Status {
    if (!settings) return tl::unexpected(settings.error());
    ASSIGN_OR_RETURN(const LogLevel level, LogLevelFromName(settings->log.level));
    log_->SetLevel(level);
    if (insecure_) return {};
    ASSIGN_OR_RETURN(auto opened, identity::Issuer::Open(daemon::AuthorityDirectory(*settings),
                                                         settings->project));
    const auto issuer = std::make_shared<identity::Issuer>(std::move(opened));
    RETURN_IF_ERROR(KeepIdentity(*settings, *issuer));
    (void)driver_.Post(
        [this, issuer](daemon::Federation&) { registrar_->Use(std::move(*issuer)); });
    return {};
  };
  const Status kept = keep();
  trail_->Note("configuration_read", {{"error", kept ? "" : kept.error().message}});
  if (!kept) log_->Error("upkeep_failed", {{"error", kept.error().message}});
  if (kept) log_->Debug("upkeep_done");
}

Status CoordinatorDaemon::Serve(const daemon::Settings& settings) {
  const std::filesystem::path identity = daemon::IdentityDirectory(settings);
  services_.push_back(MakeSessionService(driver_, hub_, gate_));
  services_.push_back(MakeTransferService(
      {driver_, transfers_, *uploads_, disk_pool_, transferred_, gate_, slots_}));
  services_.push_back(
      MakeAdminService(driver_, watchers_, recent_, gate_, [this] { return StageBackup(); }));
  if (insecure_) return Listen({settings.listen, nullptr}, gate_, services_, &server_);
  const IdentityParts parts{driver_, *registrar_, gate_, identity};
  services_.push_back(MakeCertificateService(parts));
  enrolment_services_.push_back(MakeEnrolmentService(parts));
  RETURN_IF_ERROR(
      Listen({settings.listen, rpc::ServerTls(identity, true)}, gate_, services_, &server_));
  return Listen({settings.enrolment_listen, rpc::ServerTls(identity, false), true}, gate_,
                enrolment_services_, &enrolment_server_);
}

Result<std::filesystem::path> CoordinatorDaemon::StageBackup() {
  const auto staging = backup::StagingOf(directory_) / std::to_string(++backups_);
  RETURN_IF_ERROR(backup::Stage(directory_, *states_, staging));
  return staging;
}

std::optional<int> CoordinatorDaemon::enrolment_port() const {
  return enrolment_server_ ? std::optional(enrolment_server_->port()) : std::nullopt;
}

// Answers before the runs are recovered, so that whoever watches sees a slow start.
Status CoordinatorDaemon::OpenHttp(const daemon::Settings& settings) {
  if (settings.http_listen.empty()) return {};
  http::Options options;
  options.listen = settings.http_listen;
  options.token_file = settings.http_token_file;
  options.is_open = &monitor::Endpoints::IsOpen;
  options.handle = [this](std::string_view path) { return endpoints_.Serve(path); };
  ASSIGN_OR_RETURN(http_, http::Server::Start(std::move(options)));
  return {};
}

// A database that failed in a change, but for a full disk, is not believed any more: who starts the
// program again opens it anew, and finds in it all that was acknowledged.
void CoordinatorDaemon::Idle() {
  const Status sound = states_->Sound();
  if (sound) return;
  log_->Error("store_failed", {{"error", sound.error().message}});
  log_->Flush();
  ::_exit(1);
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
  recent_.Nudge();
  if (enrolment_server_) enrolment_server_->Stop(Duration{0});
  server_->Stop(std::chrono::seconds(5));
  enrolment_server_.reset();
  server_.reset();
  trail_->Note("coordinator_stopped", nlohmann::json::object());
  log_->Info("coordinator_stopped");
}

}  // namespace tributary::service
