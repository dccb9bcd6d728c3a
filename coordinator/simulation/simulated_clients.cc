#include "coordinator/simulation/simulated_clients.h"

#include <algorithm>

#include "aggregation/base/metrics.h"
#include "aggregation/tensor/safetensors.h"

namespace tributary::simulation {
namespace {

Reason ReasonOf(const Error& error) {
  return error.code == Code::kOutOfRange ? Reason::kNonFinite : Reason::kFailed;
}

}  // namespace

SimulatedClients::SimulatedClients(const Environment& environment, const client::Model& model,
                                   store::BlobStore& blobs, Checkpoints& checkpoints,
                                   const client::LocalParts& locals, int workers,
                                   std::function<bool()> is_interrupted)
    : environment_(environment),
      model_(model),
      blobs_(blobs),
      checkpoints_(checkpoints),
      locals_(locals),
      statistics_(environment.config.data.statistics_cache, environment.model.digest,
                  environment.tasks.labels),
      workers_(workers),
      is_interrupted_(std::move(is_interrupted)) {
  for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { Work(); });
}

SimulatedClients::~SimulatedClients() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& [key, job] : jobs_) job.stop.request_stop();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

int64_t SimulatedClients::BytesDown(const ClientId& client, const Task& task) {
  if (task.kind == TaskKind::kFeatureMoments) return 0;  // the frozen base model is all it needs
  const auto sizes = checkpoints_.Sizes(task.checkpoint, environment_.RankOf(client.value));
  if (!sizes) return 0;  // the task itself will fail and say why
  std::set<Digest>& cached = cached_[client];
  std::set<Digest> now;
  int64_t bytes = 0;
  for (const auto& [digest, size] : *sizes) {
    if (!cached.contains(digest)) bytes += size;
    now.insert(digest);
  }
  cached = std::move(now);
  return bytes;
}

WorkCost SimulatedClients::Cost(const ClientId& client, const Task& task) {
  WorkCost cost;
  cost.bytes_down = BytesDown(client, task);
  const bool trains = task.kind == TaskKind::kTrain;
  const client::SiteData site = environment_.Site(client.value);
  int64_t tokens = 0;
  for (const client::Example& row :
       Traits(task.kind).changes_checkpoint ? site.train : site.held_out)
    tokens += static_cast<int64_t>(row.ids.size());
  const auto rows = static_cast<double>(site.train.size());
  const auto steps = static_cast<double>(
      client::StepCount(environment_.tasks.training, static_cast<int64_t>(site.train.size())));
  const double passes =
      trains ? std::min(environment_.tasks.training.epochs,
                        steps * static_cast<double>(environment_.tasks.training.batch_size) / rows)
             : 0.4;
  cost.units = passes * static_cast<double>(tokens);
  cost.bytes_up = fold::UploadBytes(environment_.fold, client, task);
  std::lock_guard lock(mutex_);
  totals_[task.sequence].bytes_down += cost.bytes_down;
  costs_[{task.sequence, client}] = cost;
  return cost;
}

void SimulatedClients::Start(const ClientId& client, const Task& task, TimePoint wanted) {
  {
    std::lock_guard lock(mutex_);
    Job& job = jobs_[{task.sequence, client}];
    job = Job();
    job.task = task;
    job.wanted = wanted;
  }
  changed_.notify_all();
}

Result<WorkResult> SimulatedClients::Wait(const ClientId& client, int64_t sequence) {
  std::unique_lock lock(mutex_);
  const auto it = jobs_.find({sequence, client});
  TRIBUTARY_CHECK(it != jobs_.end(), "only a started task is waited for");
  // A look at the interrupt now and then; the result's time is no matter of ours.
  while (
      !changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return it->second.done; })) {
    if (!is_interrupted_ || !is_interrupted_()) continue;
    for (auto& [key, job] : jobs_) job.stop.request_stop();
    return MakeError(Code::kCancelled, "interrupted");
  }
  Result<WorkResult> result = std::move(it->second.result);
  if (result && result->reason == Reason::kAccepted) {
    const WorkCost& cost = costs_[it->first];
    result->metrics.push_back({"bytes_up", static_cast<double>(cost.bytes_up)});
    result->metrics.push_back({"bytes_down", static_cast<double>(cost.bytes_down)});
  }
  costs_.erase(it->first);
  jobs_.erase(it);
  return result;
}

void SimulatedClients::Abandon(const ClientId& client, int64_t sequence) {
  std::unique_lock lock(mutex_);
  const auto it = jobs_.find({sequence, client});
  if (it == jobs_.end()) return;
  it->second.stop.request_stop();
  changed_.wait(lock, [&] { return !it->second.running; });
  jobs_.erase(it);
}

fold::StageTotals SimulatedClients::Totals(int64_t sequence) {
  std::lock_guard lock(mutex_);
  return totals_[sequence];
}

std::string SimulatedClients::LastFault() {
  std::lock_guard lock(mutex_);
  return last_fault_;
}

SimulatedClients::Key SimulatedClients::NextJob() const {
  Key best{-1, {}};
  TimePoint best_wanted;
  for (const auto& [key, job] : jobs_) {
    if (job.running || job.done || (best.first >= 0 && !(job.wanted < best_wanted))) continue;
    best = key;
    best_wanted = job.wanted;
  }
  return best;
}

void SimulatedClients::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Key key{-1, {}};
    changed_.wait(lock, [&] { return stopping_ || (key = NextJob()).first >= 0; });
    if (stopping_) return;
    Job& job = jobs_.at(key);  // stays where it is: Abandon and Wait wait until it no longer runs
    job.running = true;
    const Task task = job.task;
    const std::stop_token stop = job.stop.get_token();
    if (task.kind == TaskKind::kTrain) TrainingBegins(task.sequence);
    lock.unlock();
    Result<WorkResult> result = Do(key.second, task, stop);
    lock.lock();
    if (task.kind == TaskKind::kTrain) TrainingEnds(task.sequence);
    if (!result) last_fault_ = fmt::format("{}: {}", key.second.value, result.error().message);
    job.result = std::move(result);
    job.running = false;
    job.done = true;
    changed_.notify_all();
  }
}

void SimulatedClients::TrainingBegins(int64_t) {
  if (in_flight_++ == 0) in_flight_since_ = std::chrono::steady_clock::now();
}

void SimulatedClients::TrainingEnds(int64_t sequence) {
  if (--in_flight_ > 0) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - in_flight_since_;
  totals_[sequence].train_seconds += took.count();
}

Result<WorkResult> SimulatedClients::Do(const ClientId& client, const Task& task,
                                        std::stop_token stop) {
  auto done = RunOne(client, task, stop);
  if (!done) {
    // A stop is nobody's fault; a client's own fault is a result; a damaged store ends the run.
    if (done.error().code == Code::kDataLoss || done.error().code == Code::kResourceExhausted)
      return tl::unexpected(done.error());
    std::lock_guard lock(mutex_);
    if (done.error().code != Code::kCancelled)
      last_fault_ = fmt::format("{}: {}", client.value, done.error().message);
    return WorkResult{ReasonOf(done.error())};
  }
  const strategy::Update update{client.value, done->weight, environment_.RankOf(client.value),
                                ViewsOf(done->upload)};
  const Layout layout = fold::UploadLayout(environment_.fold, client, task);
  const Status fits = task.kind == TaskKind::kTrain ? strategy::CheckUpdate(layout, update)
                                                    : CheckCompatible(layout, update.deltas);
  if (!fits) {
    std::lock_guard lock(mutex_);
    last_fault_ = fmt::format("{}: {}", client.value, fits.error().message);
    return WorkResult{Reason::kBadUpdate};
  }
  WorkResult result;
  const std::string bytes = SerializeSafetensors(done->upload);
  ASSIGN_OR_RETURN(result.digest, blobs_.Put(std::as_bytes(std::span(bytes))));
  if (!done->local.empty()) RETURN_IF_ERROR(locals_.Save(client.value, task.round, done->local));
  result.weight = done->weight;
  result.metrics = std::move(done->metrics);
  return result;
}

Result<client::TaskResult> SimulatedClients::RunOne(const ClientId& client, const Task& task,
                                                    std::stop_token stop) {
  const bool has_locals = strategy::MethodOf(environment_.adapter).is_personal();
  if (task.kind == TaskKind::kPublicEvaluate && has_locals && !environment_.test_rows_of.empty())
    return EvaluateLocals(task, stop);
  const client::SiteData site = environment_.Site(client.value);
  ASSIGN_OR_RETURN(const auto checkpoint, checkpoints_.Open(task.checkpoint, site.rank));
  client::TaskStart start{checkpoint->head, checkpoint->checkpoint, checkpoint->class_counts, {}};
  if (has_locals) {
    // An evaluation comes after the round's training; training starts from the round before.
    ASSIGN_OR_RETURN(
        start.local,
        locals_.Load(client.value, task.kind == TaskKind::kTrain ? task.round : task.round + 1));
  }
  const int threads = task.kind == TaskKind::kPublicEvaluate ? workers_ : 1;
  const auto run = [&] {
    return client::RunTask(model_, environment_.tasks, site, start, task, threads, stop);
  };
  return task.kind == TaskKind::kFeatureMoments ? statistics_.Get(site.train, run) : run();
}

// Where clients keep parts of the adapter, the test rows of a client are judged under its own
// parts; rows of nobody's are left out.
Result<client::TaskResult> SimulatedClients::EvaluateLocals(const Task& task,
                                                            std::stop_token stop) {
  client::TaskResult sum;
  for (const data::ClientRows& owner : environment_.clients) {
    const auto rows = environment_.test_rows_of.find(owner.name);
    if (rows == environment_.test_rows_of.end()) continue;
    client::SiteData site{owner.name, environment_.RankOf(owner.name), {}, {}};
    for (int64_t row : rows->second) {
      const auto i = static_cast<size_t>(row);
      site.held_out.push_back(
          {environment_.test.Ids(i), environment_.test.TypeIds(i), environment_.test.labels[i]});
    }
    ASSIGN_OR_RETURN(const auto checkpoint, checkpoints_.Open(task.checkpoint, site.rank));
    client::TaskStart start{checkpoint->head, checkpoint->checkpoint, checkpoint->class_counts, {}};
    ASSIGN_OR_RETURN(start.local, locals_.Load(owner.name, task.round + 1));
    ASSIGN_OR_RETURN(client::TaskResult one, client::RunTask(model_, environment_.tasks, site,
                                                             start, task, workers_, stop));
    if (sum.upload.empty()) {
      sum = std::move(one);
      continue;
    }
    for (auto& [name, tensor] : sum.upload) {
      const Tensor& more = one.upload.at(name);
      if (tensor.dtype() == DType::kI64)
        for (size_t i = 0; i < more.i64().size(); ++i) tensor.i64()[i] += more.i64()[i];
      else
        for (size_t i = 0; i < more.f64().size(); ++i) tensor.f64()[i] += more.f64()[i];
    }
  }
  if (sum.upload.empty())
    return MakeError(Code::kFailedPrecondition, "no test row belongs to a client");
  sum.metrics.clear();
  return sum;
}

}  // namespace tributary::simulation
