#include "coordinator/service/admin_service.h"

#include <nlohmann/json.hpp>

#include <tributary/v1/admin.grpc.pb.h>
#include "aggregation/base/json.h"
#include "aggregation/base/version.h"
#include "coordinator/daemon/status.h"
#include "coordinator/service/log_stream.h"
#include "coordinator/service/reactor.h"
#include "coordinator/service/unary.h"

namespace tributary::service {
namespace {

using rpc::ToBuffer;
using rpc::ToBytes;

using daemon::Federation;
using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using WatchBase = grpc::ServerWriteReactor<ByteBuffer>;

// The status of a run, said again at every change until the run has ended.
class Watching : public Reactor<Watching, WatchBase>, public Watchers::Watcher {
 public:
  Watching(daemon::Driver& driver, Watchers& watchers) : driver_(driver), watchers_(watchers) {}

  void Watch(RunId run) {
    run_ = std::move(run);
    watchers_.Add(run_, this);
    OnChange();
  }
  void OnChange() override {
    {
      const std::scoped_lock lock(mutex_);
      if (is_ended_ || std::exchange(is_asked_, true)) return;
    }
    const bool posted = driver_.Post(
        [self = shared_from_this()](Federation& federation) { self->Say(federation); });
    if (!posted) End({Code::kUnavailable, "the coordinator stops"});
  }
  void OnDone() override {
    watchers_.Remove(run_, this);
    Reactor::OnDone();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End({Code::kCancelled, "the stream was broken off"});
    if (is_last_) return End();
    bool again = false;
    {
      const std::scoped_lock lock(mutex_);
      is_writing_ = false;
      again = std::exchange(is_stale_, false);
    }
    if (again) OnChange();
  }

 private:
  void Say(Federation& federation) {
    const auto run = federation.RunOf(run_);
    if (!run) return End(run.error());
    const std::string json = daemon::StatusJson(federation, **run, driver_.Now());
    const std::scoped_lock lock(mutex_);
    is_asked_ = false;
    if (is_ended_) return;
    if (is_writing_) {
      is_stale_ = true;
      return;
    }
    is_writing_ = true;
    is_last_ = (*run)->is_finished();
    out_ = ToBuffer(proto::Encode(proto::Document{{json}}));
    StartWrite(&out_);
  }

  daemon::Driver& driver_;
  Watchers& watchers_;
  RunId run_;
  ByteBuffer out_;
  bool is_asked_ = false, is_writing_ = false, is_stale_ = false, is_last_ = false;
};

using Made = Result<proto::Document>;

using Base = v1::Admin::WithRawCallbackMethod_Submit<v1::Admin::WithRawCallbackMethod_Runs<
    v1::Admin::WithRawCallbackMethod_Status<v1::Admin::WithRawCallbackMethod_Watch<
        v1::Admin::WithRawCallbackMethod_Control<v1::Admin::WithRawCallbackMethod_Rounds<
            v1::Admin::WithRawCallbackMethod_Clients<v1::Admin::WithRawCallbackMethod_Export<
                v1::Admin::WithRawCallbackMethod_Backup<v1::Admin::WithRawCallbackMethod_Release<
                    v1::Admin::WithRawCallbackMethod_Logs<v1::Admin::Service>>>>>>>>>>>;

class Service : public Base {
 public:
  Service(daemon::Driver& driver, Watchers& watchers, RecentEvents& recent, Gate& gate,
          StageBackup stage_backup)
      : driver_(driver),
        watchers_(watchers),
        recent_(recent),
        gate_(gate),
        stage_backup_(std::move(stage_backup)) {}

  ServerUnaryReactor* Submit(CallbackServerContext* context, const ByteBuffer* request,
                             ByteBuffer* response) override {
    return Answer<proto::Submission>(
        context, "Admin/Submit", request, response,
        [](Federation& f, proto::Submission&& submission) -> Result<proto::RunRef> {
          ASSIGN_OR_RETURN(RunId run, f.Submit(std::move(submission)));
          return proto::RunRef{std::move(run)};
        });
  }
  ServerUnaryReactor* Runs(CallbackServerContext* context, const ByteBuffer* request,
                           ByteBuffer* response) override {
    return Answer<proto::RunsRequest>(context, "Admin/Runs", request, response,
                                      [this](Federation& f, proto::RunsRequest&&) -> Made {
                                        return Document(daemon::RunsJson(f, driver_.Now()));
                                      });
  }
  ServerUnaryReactor* Status(CallbackServerContext* context, const ByteBuffer* request,
                             ByteBuffer* response) override {
    return OfRun(context, "Admin/Status", request, response,
                 [this](Federation& f, daemon::Run& run) -> Made {
                   return Document(daemon::StatusJson(f, run, driver_.Now()));
                 });
  }
  ServerUnaryReactor* Rounds(CallbackServerContext* context, const ByteBuffer* request,
                             ByteBuffer* response) override {
    return OfRun(context, "Admin/Rounds", request, response,
                 [](Federation& f, daemon::Run& run) -> Made {
                   ASSIGN_OR_RETURN(std::string json, daemon::RoundsJson(f, run));
                   return Document(std::move(json));
                 });
  }
  ServerUnaryReactor* Clients(CallbackServerContext* context, const ByteBuffer* request,
                              ByteBuffer* response) override {
    return OfRun(context, "Admin/Clients", request, response,
                 [](Federation& f, daemon::Run& run) -> Made {
                   return Document(daemon::ClientsJson(f, run));
                 });
  }
  ServerUnaryReactor* Control(CallbackServerContext* context, const ByteBuffer* request,
                              ByteBuffer* response) override {
    return Answer<proto::ControlRequest>(
        context, "Admin/Control", request, response,
        [this](Federation& f, proto::ControlRequest&& control) -> Made {
          RETURN_IF_ERROR(f.Control(control.run, control.action));
          ASSIGN_OR_RETURN(const daemon::Run* const run, f.RunOf(control.run));
          return Document(daemon::StatusJson(f, *run, driver_.Now()));
        });
  }
  ServerUnaryReactor* Export(CallbackServerContext* context, const ByteBuffer* request,
                             ByteBuffer* response) override {
    return Answer<proto::ExportRequest>(
        context, "Admin/Export", request, response,
        [](Federation& f, proto::ExportRequest&& wanted) -> Result<proto::ExportManifest> {
          ASSIGN_OR_RETURN(daemon::Run* const run, f.RunOf(wanted.run));
          return daemon::ExportOf(f, *run, wanted.round);
        });
  }
  ServerUnaryReactor* Backup(CallbackServerContext* context, const ByteBuffer* request,
                             ByteBuffer* response) override {
    return Answer<proto::BackupRequest>(
        context, "Admin/Backup", request, response,
        [this](Federation& f, proto::BackupRequest&&) -> Made {
          ASSIGN_OR_RETURN(const std::filesystem::path staging, stage_backup_());
          return Document(DumpJson(nlohmann::json{
              {"schema", 1}, {"project", f.options().project}, {"directory", staging.string()}}));
        });
  }
  ServerUnaryReactor* Release(CallbackServerContext* context, const ByteBuffer* request,
                              ByteBuffer* response) override {
    return Answer<proto::ClientRef>(
        context, "Admin/Release", request, response,
        [](Federation& f, proto::ClientRef&& ref) -> Made {
          RETURN_IF_ERROR(f.Release(ref.client));
          return Document(DumpJson(nlohmann::json{{"schema", daemon::kStatusSchema},
                                                  {"client", ref.client.value},
                                                  {"quarantined", false}}));
        });
  }
  WatchBase* Watch(CallbackServerContext* context, const ByteBuffer* request) override {
    auto watching = std::make_shared<Watching>(driver_, watchers_);
    const auto caller = gate_.Admit(*context, "Admin/Watch");
    auto run = proto::Decode<proto::RunRef>(ToBytes(*request));
    if (!watching->Begin(gate_, caller, "Admin/Watch")) return watching.get();
    if (run)
      watching->Watch(std::move(run->run));
    else
      watching->Refuse(Refusal::kMalformed, run.error());
    return watching.get();
  }
  WatchBase* Logs(CallbackServerContext* context, const ByteBuffer* request) override {
    return StreamLogs(driver_, recent_, gate_, gate_.Admit(*context, "Admin/Logs"), *request);
  }

 private:
  static proto::Document Document(std::string json) { return {{std::move(json)}}; }

  template <typename Request, typename Make>
  ServerUnaryReactor* Answer(CallbackServerContext* context, std::string_view method,
                             const ByteBuffer* request, ByteBuffer* response, Make make) {
    return service::Answer<Request>(gate_, driver_, context, method, request, response,
                                    [make](Federation& f, Request&& asked, const Caller&) {
                                      return make(f, std::move(asked));
                                    });
  }
  template <typename Make>
  ServerUnaryReactor* OfRun(CallbackServerContext* context, std::string_view method,
                            const ByteBuffer* request, ByteBuffer* response, Make make) {
    return Answer<proto::RunRef>(context, method, request, response,
                                 [make](Federation& f, proto::RunRef&& ref) -> Made {
                                   ASSIGN_OR_RETURN(daemon::Run* const run, f.RunOf(ref.run));
                                   return make(f, *run);
                                 });
  }

  daemon::Driver& driver_;
  Watchers& watchers_;
  RecentEvents& recent_;
  Gate& gate_;
  const StageBackup stage_backup_;
};

}  // namespace

void Watchers::Add(const RunId& run, Watcher* watcher) {
  const std::scoped_lock lock(mutex_);
  watchers_.emplace(run, watcher);
}
void Watchers::Remove(const RunId& run, Watcher* watcher) {
  const std::scoped_lock lock(mutex_);
  const auto [begin, end] = watchers_.equal_range(run);
  for (auto it = begin; it != end; ++it)
    if (it->second == watcher) return void(watchers_.erase(it));
}
void Watchers::Changed(const RunId& run) {
  const std::scoped_lock lock(mutex_);
  const auto [begin, end] = watchers_.equal_range(run);
  for (auto it = begin; it != end; ++it) it->second->OnChange();
}
void Watchers::ChangedAll() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [run, watcher] : watchers_) watcher->OnChange();
}

std::unique_ptr<grpc::Service> MakeAdminService(daemon::Driver& driver, Watchers& watchers,
                                                RecentEvents& recent, Gate& gate,
                                                StageBackup stage_backup) {
  return std::make_unique<Service>(driver, watchers, recent, gate, std::move(stage_backup));
}

}  // namespace tributary::service
