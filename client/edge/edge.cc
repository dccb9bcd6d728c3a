#include "client/edge/edge.h"

#include "aggregation/base/file.h"
#include "aggregation/base/version.h"
#include "client/trainer_module.h"

namespace tributary::edge {
namespace {

std::string_view InstructionSet() {
  if (__builtin_cpu_supports("avx512f")) return "avx512";
  return __builtin_cpu_supports("avx2") ? "avx2" : "generic";
}

}  // namespace

Edge::Edge(Settings settings, Log& log)
    : settings_(std::move(settings)),
      log_(log),
      requests_(settings_.directory),
      link_changed_(Now()) {}

Result<std::unique_ptr<Edge>> Edge::Start(Settings settings, bool insecure, Log& log) {
  auto edge = std::unique_ptr<Edge>(new Edge(std::move(settings), log));
  RETURN_IF_ERROR(edge->Open(insecure));
  return edge;
}

Edge::~Edge() {
  http_.reset();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    if (dialled_ != nullptr) dialled_->Cancel();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  renewal_.reset();
  for (auto& [run, stop] : uploading_) stop.request_stop();
  worker_.reset();
  uploader_.reset();
  writer_.reset();
  reader_.reset();
}

Status Edge::Open(bool insecure) {
  RETURN_IF_ERROR(MakeDirectories(settings_.directory));
  RETURN_IF_ERROR(DescribeSelf());
  RETURN_IF_ERROR(OpenChannel(insecure));
  RETURN_IF_ERROR(requests_.Open());
  ASSIGN_OR_RETURN(states_, store::OpenSqliteStore(settings_.directory / "state.db"));
  ASSIGN_OR_RETURN(sent_, SentLog::Open(settings_.directory / "sent"));
  if (!sent_->notice().empty()) log_.Warning("sent_log_mended", {{"notice", sent_->notice()}});
  reader_ = std::make_unique<WorkerPool>(1);
  writer_ = std::make_unique<WorkerPool>(1);
  uploader_ = std::make_unique<WorkerPool>(1);
  worker_ = std::make_unique<Worker>(
      settings_, name_, *channel_, *states_, traffic_,
      [this](const Job& job, Result<Done> done) {
        Post([this, job, done = std::move(done)] {
          if (!done) return;  // stopped: nobody waits for it
          Worked(job, *done);
        });
      },
      [this](const Job& job, std::string_view state) {
        Post([this, job, state = std::string(state)] {
          const auto it = runs_.find(job.run);
          if (it == runs_.end()) return;
          it->second.step = state;
          if (it->second.session->standing() == client::Standing::kOpen)
            Say(proto::Progress{job.run, job.task.sequence, state, 0});
        });
      });
  RETURN_IF_ERROR(Recover());
  if (!insecure) renewal_ = std::make_unique<Renewal>(*channel_, log_);
  thread_ = std::thread([this] { Drive(); });
  return OpenHttp();
}

Status Edge::DescribeSelf() {
  ASSIGN_OR_RETURN(const auto trainer, client::OpenTrainer());
  ASSIGN_OR_RETURN(const std::string device, trainer->DeviceOf(settings_.device));
  self_.program = std::string(kVersion);
  self_.numerics = std::string(kNumerics);
  self_.torch = trainer->description();
  self_.device = device.substr(0, device.find(':'));  // the kind; which one is nobody's business
  self_.instruction_set = std::string(InstructionSet());
  return {};
}

Status Edge::OpenChannel(bool insecure) {
  rpc::Endpoint endpoint;
  endpoint.address = settings_.coordinator;
  endpoint.proxy = settings_.proxy;
  endpoint.insecure = insecure;
  if (insecure) {
    if (settings_.name.empty()) return InvalidArgument("`name` is missing: the name of this site");
    if (endpoint.address.empty()) endpoint.address = "127.0.0.1:7340";
    endpoint.name = settings_.name;
    endpoint.role = "client";
  } else {
    endpoint.identity = IdentityDirectory(settings_);
    if (!privacy::HasCredentials(endpoint.identity))
      return MakeError(Code::kFailedPrecondition,
                       "{}: holds no certificate; `tributary client join` with the join string of "
                       "the project's administrator makes one (--insecure goes without)",
                       endpoint.identity.string());
    ASSIGN_OR_RETURN(const auto own, rpc::OwnCredentials(endpoint.identity));
    if (own.identity.role != "client")
      return MakeError(Code::kFailedPrecondition, "{}: is the identity of {} {}, not a client's",
                       endpoint.identity.string(), own.identity.role, own.identity.name);
    endpoint.name = own.identity.name;
    if (endpoint.address.empty()) endpoint.address = privacy::CoordinatorOf(endpoint.identity);
    if (endpoint.address.empty())
      return InvalidArgument("`coordinator` is missing: the address of the coordinator");
  }
  name_ = endpoint.name;
  address_ = endpoint.address;
  ASSIGN_OR_RETURN(channel_, rpc::Channel::Open(endpoint));
  return {};
}

}  // namespace tributary::edge
