// Rounds of clients that do nothing but send a million numbers, through the whole engine: both
// machines, simulated network, journal, blob store, fold and checkpoint.
// Usage: engine_bench [--clients N] [--rounds N]

#include <malloc.h>
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <thread>

#include "aggregation/tensor/safetensors.h"
#include "coordinator/core/text.h"
#include "coordinator/fold/folder.h"
#include "coordinator/simulation/engine.h"

namespace tributary {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kOut = 125'000, kRank = 8;  // one trained factor of a million numbers

strategy::AdapterSpec Spec() {
  strategy::AdapterSpec spec;
  spec.method = "ffa-lora";
  spec.rank = kRank;
  spec.targets = {{"layer", kOut, kRank}};
  return spec;
}

// Two workers, as the simulation has on two cores.
class Clients : public simulation::ClientWork {
 public:
  explicit Clients(store::BlobStore& blobs) : blobs_(blobs) {
    for (int i = 0; i < 2; ++i) workers_.emplace_back([this](std::stop_token stop) { Work(stop); });
  }
  simulation::WorkCost Cost(const ClientId&, const Task&) override {
    return {4 * kOut * kRank, 1, 4 * kOut * kRank};
  }
  void Start(const ClientId& client, const Task& task, TimePoint) override {
    const std::scoped_lock lock(mutex_);
    queue_.push_back({task.sequence, client});
    changed_.notify_all();
  }
  Result<simulation::WorkResult> Wait(const ClientId& client, int64_t sequence) override {
    std::unique_lock lock(mutex_);
    const Key key{sequence, client};
    changed_.wait(lock, [&] { return done_.contains(key); });
    return std::move(done_.extract(key).mapped());
  }
  void Abandon(const ClientId&, int64_t) override {}

 private:
  using Key = std::pair<int64_t, ClientId>;
  void Work(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !queue_.empty(); })) {
      const Key key = queue_.front();
      queue_.pop_front();
      lock.unlock();
      auto result = Train(key);
      lock.lock();
      done_.emplace(key, std::move(result));
      changed_.notify_all();
    }
  }
  static std::string Update(const Key& key) {
    TensorMap update;  // different for every client and round, as real updates are
    Tensor& delta = update["layer.lora_B"] = Tensor(DType::kF32, {kOut, kRank});
    delta.f32()[0] = static_cast<float>(key.first);
    delta.f32()[1] = static_cast<float>(std::hash<std::string>()(key.second.value) % 1000);
    return SerializeSafetensors(update);
  }
  Result<simulation::WorkResult> Train(const Key& key) {
    const std::string bytes = Update(key);
    simulation::WorkResult result;
    ASSIGN_OR_RETURN(result.digest, blobs_.Put(std::as_bytes(std::span(bytes))));
    result.weight = 1;
    return result;
  }

  store::BlobStore& blobs_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Key> queue_;
  std::map<Key, Result<simulation::WorkResult>> done_;
  std::vector<std::jthread> workers_;
};

class Driver : public simulation::CoordinatorWork {
 public:
  Driver(store::BlobStore& blobs, fold::Folder& folder) : blobs_(blobs), folder_(folder) {}
  Status Persist(std::span<const coordinator::Record> records) override {
    for (const auto& record : records) journal_.push_back(ToText(record));
    return {};
  }
  Result<std::vector<coordinator::Record>> Load() override {
    return std::vector<coordinator::Record>();
  }
  Result<std::optional<coordinator::AggregateFinished>> Aggregate(
      const coordinator::FinishAggregate& command) override {
    for (const auto& update : command.updates) spent_.push_back(update.digest);
    std::string why;
    return folder_.Fold(command, &why);
  }
  Status Publish(const coordinator::PublishCheckpoint&) override {
    const auto now = Clock::now();
    ends_.push_back(now);
    return {};
  }
  Status Discard(const coordinator::DiscardUploads&) override {
    for (const Digest& digest : spent_) RETURN_IF_ERROR(blobs_.Delete(digest));
    spent_.clear();
    return {};
  }
  Status Finish(const coordinator::FinishRun&) override { return {}; }
  const std::vector<Clock::time_point>& ends() const { return ends_; }

 private:
  store::BlobStore& blobs_;
  fold::Folder& folder_;
  std::vector<std::string> journal_;
  std::vector<Digest> spent_;
  std::vector<Clock::time_point> ends_;
};

Result<int> Run(int64_t clients, int64_t rounds) {
  const auto began = Clock::now();
  const auto blobs = store::NewMemoryBlobStore();
  fold::FoldPlan plan{Spec(), [](const ClientId&) { return kRank; }, 2, {}, {}, 2};
  fold::Folder folder(plan, *blobs, nullptr);
  coordinator::RunPlan run;
  run.digest = Sha256("engine_bench");
  run.rounds = rounds;
  run.evaluate_every = 1;
  ASSIGN_OR_RETURN(run.start_checkpoint, folder.PutStart({}, {}));
  std::vector<ClientId> names;
  for (int64_t i = 0; i < clients; ++i) names.push_back({fmt::format("client-{:04}", i)});
  Clients work(*blobs);
  Driver driver(*blobs, folder);
  simulation::Observer observer;
  simulation::Engine engine(
      run, {}, names, [](const ClientId&) { return simulation::ClientProfile{}; }, work, driver,
      observer);
  ASSIGN_OR_RETURN(const simulation::Ending ending, engine.Run());
  if (ending != simulation::Ending::kFinished)
    return MakeError(Code::kInternal, "the run did not finish");
  const std::chrono::duration<double> whole = Clock::now() - began;
  const auto& ends = driver.ends();
  const std::chrono::duration<double> later = ends.back() - ends.front();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("{{\"seconds_per_round\": {:.4f}, \"whole_seconds\": {:.3f}, \"peak_rss_mb\": {}}}\n",
             ends.size() > 1 ? later.count() / static_cast<double>(ends.size() - 1) : whole.count(),
             whole.count(), usage.ru_maxrss / 1024);
  return 0;
}

}  // namespace
}  // namespace tributary

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 1);  // what one worker frees, the next one uses
  int64_t clients = 50, rounds = 3;
  for (int i = 1; i + 1 < argc; i += 2)
    (std::string(argv[i]) == "--clients" ? clients : rounds) = std::stol(argv[i + 1]);
  const auto result = tributary::Run(clients, rounds);
  if (!result) fmt::print(stderr, "engine_bench: {}\n", result.error().message);
  return result ? *result : 1;
}
