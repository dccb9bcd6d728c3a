#include "client/edge/worker.h"

#include <algorithm>

#include "aggregation/base/file.h"
#include "aggregation/strategy/run_state.h"
#include "aggregation/tensor/safetensors.h"
#include "client/edge/model_cache.h"
#include "coordinator/config/read.h"
#include "proto/rpc/fetch.h"

namespace tributary::edge {
namespace {

constexpr size_t kMaxPlan = size_t{1} << 20;

Reason ReasonOf(Code code) {
  if (code == Code::kOutOfRange) return Reason::kNonFinite;
  return code == Code::kFailedPrecondition ? Reason::kDeclined : Reason::kFailed;
}

}  // namespace

Worker::Worker(const Settings& settings, std::string name, rpc::Channel& channel,
               store::StateStore& store, Traffic& traffic, Report report, OnState on_state)
    : settings_(settings),
      name_(std::move(name)),
      channel_(channel),
      traffic_(traffic),
      report_(std::move(report)),
      on_state_(std::move(on_state)),
      cache_(settings.directory / "tensors", CheckpointsQuota(settings)),
      files_(settings.data),
      pin_(store),
      thread_([this] { Work(); }) {}

Worker::~Worker() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    for (const auto& pending : queue_) pending->stop.request_stop();
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::Start(Job job) {
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::make_shared<Pending>(Pending{std::move(job), {}}));
  }
  changed_.notify_all();
}

void Worker::Stop(const RunId& run, int64_t sequence) {
  const std::scoped_lock lock(mutex_);
  for (const auto& pending : queue_)
    if (pending->job.run == run && pending->job.task.sequence == sequence)
      pending->stop.request_stop();
  changed_.notify_all();
}

std::filesystem::path Worker::OutboxFile(const RunId& run, int64_t sequence) const {
  return settings_.directory / "outbox" / run.value / fmt::format("{}.safetensors", sequence);
}

std::filesystem::path Worker::PlanFile(const Digest& plan) const {
  return settings_.directory / "plans" / plan.Hex();
}

std::filesystem::path Worker::AdapterDirectory(const RunId& run) const {
  return settings_.directory / "adapters" / run.value;
}

void Worker::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Pending> pending = queue_.front();
    lock.unlock();
    Result<Done> done = Do(pending->job, pending->stop.get_token());
    lock.lock();
    queue_.erase(queue_.begin());
    if (stopping_) return;
    lock.unlock();
    report_(pending->job, std::move(done));
    lock.lock();
  }
}

Result<Done> Worker::Do(const Job& job, std::stop_token stop) {
  for (Duration wait = std::chrono::milliseconds(200);;
       wait = std::min<Duration>(2 * wait, std::chrono::seconds(10))) {
    Result<Done> done = stop.stop_requested() ? MakeError(Code::kCancelled, "stopped")
                        : job.is_last         ? KeepAdapter(job, stop)
                                              : Attempt(job, stop);
    if (done || stop.stop_requested()) return done;
    if (!IsPassing(done.error().code))
      return Done{ReasonOf(done.error().code), done.error().message};
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, wait, [this] { return stopping_; });
  }
}

Result<const config::Config*> Worker::PlanFor(const Job& job, std::stop_token stop) {
  if (!plan_text_.empty() && plan_digest_ == job.plan) return &plan_;
  site_.reset();
  plan_text_.clear();
  const std::filesystem::path file = PlanFile(job.plan);
  auto text = ReadFile(file, kMaxPlan);
  if (!text || Sha256(*text) != job.plan) {
    ASSIGN_OR_RETURN(text, rpc::FetchBlob(channel_, job.run, job.plan, kMaxPlan, stop));
    RETURN_IF_ERROR(MakeDirectories(file.parent_path()));
    RETURN_IF_ERROR(WriteFile(file, *text));
  }
  ASSIGN_OR_RETURN(plan_, config::ReadPlan(*text));
  plan_text_ = *std::move(text);
  plan_digest_ = job.plan;
  return &plan_;
}

// The base model of the plan, where the policy names it and no directory holds it.
Status Worker::FetchModel(const Job& job, std::stop_token stop) {
  const std::string& digest = plan_.model.digest;
  const auto& allowed = settings_.policy.models;
  if (site_ != nullptr || std::count(allowed.begin(), allowed.end(), digest) == 0) return {};
  if (FindModel(settings_, digest)) return {};
  on_state_(job, "fetching");
  const Status fetched = ModelCache(settings_, channel_, traffic_).Fetch(job.run, digest, stop);
  // Where it is not offered, or the coordinator is older, the search says what there is instead.
  if (fetched || fetched.error().code == Code::kNotFound ||
      fetched.error().code == Code::kUnimplemented)
    return {};
  return fetched;
}

// Of the plan that was read last.
Result<const Site*> Worker::SiteFor(const DataDigests& data) {
  if (site_ != nullptr && site_data_ == data) return site_.get();
  site_.reset();
  ASSIGN_OR_RETURN(auto site, LoadSite(settings_, name_, plan_));
  ASSIGN_OR_RETURN(const DataDigests after, files_.Digests());
  if (after != data) return MakeError(Code::kAborted, "the data changed while they were read");
  site_ = std::move(site);
  site_data_ = data;
  return site_.get();
}

std::optional<Done> Worker::Refusal(const Job& job, int64_t steps) const {
  const Verdict verdict = Decide(
      settings_.policy,
      {plan_, job.task.kind, job.rank, steps, job.is_approved, MinuteOfDay(settings_.policy)});
  if (verdict.is_accepted) return std::nullopt;
  Done done{Reason::kDeclined, verdict.reason};
  done.standing = verdict.standing;
  done.closed_for = std::chrono::minutes(verdict.closed_minutes);
  return done;
}

Result<Done> Worker::Attempt(const Job& job, std::stop_token stop) {
  on_state_(job, "loading");
  RETURN_IF_ERROR(PlanFor(job, stop));
  if (auto refusal = Refusal(job, 0)) return *std::move(refusal);
  ASSIGN_OR_RETURN(const DataDigests digests, files_.Digests());
  ASSIGN_OR_RETURN(const std::string changed, pin_.Check(job.run, digests));
  if (!changed.empty()) {
    Done done{Reason::kDeclined,
              fmt::format("the site's data have changed since the run began there, and wait for "
                          "its approval: {}",
                          changed)};
    done.standing = client::Standing::kPending;
    return done;
  }
  RETURN_IF_ERROR(FetchModel(job, stop));
  ASSIGN_OR_RETURN(const Site* const site, SiteFor(digests));
  const client::SiteData data = site->DataFor(name_, job.rank, job.task.kind);
  if (job.task.kind == TaskKind::kTrain)
    if (auto refusal = Refusal(
            job, client::StepCount(site->tasks.training, static_cast<int64_t>(data.train.size()))))
      return *std::move(refusal);
  const bool needs_train = Traits(job.task.kind).changes_checkpoint;
  if ((needs_train ? data.train : data.held_out).empty() && job.task.kind != TaskKind::kEvaluate)
    return MakeError(Code::kFailedPrecondition, "the site has no rows for {}", Name(job.task.kind));

  int64_t fetched = 0;
  client::TaskStart start;
  if (job.task.kind != TaskKind::kFeatureMoments) {
    ASSIGN_OR_RETURN(TensorMap tensors,
                     cache_.Checkpoint(channel_, job.run, job.task.checkpoint, &fetched, stop));
    traffic_.received += fetched;
    ASSIGN_OR_RETURN(
        strategy::ClientCheckpoint opened,
        strategy::OpenClientTensors(site->tasks.adapter, job.rank, std::move(tensors)));
    start = {
        std::move(opened.head), std::move(opened.checkpoint), std::move(opened.class_counts), {}};
  }
  const client::LocalParts locals(settings_.directory / "local" / job.run.value);
  if (strategy::MethodOf(site->tasks.adapter).is_personal()) {
    const bool trains = job.task.kind == TaskKind::kTrain;
    ASSIGN_OR_RETURN(start.local, locals.Load(name_, trains ? job.task.round : job.task.round + 1));
  }
  on_state_(job, job.task.kind == TaskKind::kTrain ? "training" : "measuring");
  ASSIGN_OR_RETURN(client::TaskResult result,
                   client::RunTask(*site->model, site->tasks, data, start, job.task,
                                   static_cast<int>(settings_.threads), stop));
  const std::string bytes = SerializeSafetensors(result.upload);
  const std::filesystem::path file = OutboxFile(job.run, job.task.sequence);
  RETURN_IF_ERROR(MakeDirectories(file.parent_path()));
  RETURN_IF_ERROR(WriteFile(file, bytes));
  if (!result.local.empty()) RETURN_IF_ERROR(locals.Save(name_, job.task.round, result.local));
  Done done;
  done.digest = Sha256(bytes);
  done.weight = result.weight;
  if (site->tasks.report_metrics) {
    result.metrics.push_back({"bytes_up", static_cast<double>(bytes.size())});
    result.metrics.push_back({"bytes_down", static_cast<double>(fetched)});
  }
  done.metrics = Allowed(settings_.policy, std::move(result.metrics));
  return done;
}

}  // namespace tributary::edge
