#include "coordinator/simulation/synthetic.h"

#include <cmath>

#include "aggregation/base/random.h"
#include "coordinator/core/text.h"

namespace tributary::simulation {
namespace {

Digest DigestOf(const Vector& value) { return Sha256(std::as_bytes(std::span(value))); }

double SquaredDistance(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

bool IsEvaluation(TaskKind kind) { return !Traits(kind).changes_checkpoint; }

}  // namespace

SyntheticFederation::SyntheticFederation(SyntheticOptions options) : options_(options) {
  Random random(options_.seed, "optimum");
  for (int64_t i = 0; i < options_.dimensions; ++i) optimum_.push_back(random.Normal());
  start_ = Keep(Vector(optimum_.size(), 0.0));
}

Digest SyntheticFederation::Keep(Vector value) {
  const Digest digest = DigestOf(value);
  blobs_.emplace(digest, std::move(value));
  return digest;
}

Vector SyntheticFederation::Target(const ClientId& client) const {
  Random random(options_.seed, "target", {client.value});
  Vector target = optimum_;
  for (double& x : target) x += options_.heterogeneity * random.Normal();
  return target;
}

int64_t SyntheticFederation::Rows(const ClientId& client) const {
  Random random(options_.seed, "rows", {client.value});
  return 1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(options_.most_rows)));
}

// --- clients ---

WorkCost SyntheticFederation::Cost(const ClientId& client, const Task&) {
  return {options_.update_bytes, static_cast<double>(Rows(client)), options_.update_bytes};
}

void SyntheticFederation::Start(const ClientId& client, const Task& task, TimePoint) {
  started_[{task.sequence, client}] = task;
}

void SyntheticFederation::Abandon(const ClientId& client, int64_t sequence) {
  started_.erase({sequence, client});
}

// Training moves towards the target, a statistic is the target, and an evaluation of 100 rows gets
// the fewer right the further the checkpoint is away.
Result<Vector> SyntheticFederation::Update(const ClientId& client, const Task& task) const {
  const auto it = blobs_.find(task.checkpoint);
  if (it == blobs_.end()) {
    return MakeError(Code::kNotFound, "checkpoint {} of task {} was never published",
                     task.checkpoint.Hex(), task.sequence);
  }
  Vector value = it->second;
  const Vector target = Target(client);
  if (IsEvaluation(task.kind)) {
    return Vector{100, std::floor(100 / (1 + SquaredDistance(value, target)))};
  }
  const double share = task.kind == TaskKind::kTrain ? options_.step : 1.0;
  for (size_t i = 0; i < value.size(); ++i) value[i] += share * (target[i] - value[i]);
  return value;
}

Result<WorkResult> SyntheticFederation::Wait(const ClientId& client, int64_t sequence) {
  const auto started = started_.extract({sequence, client});
  TRIBUTARY_CHECK(!started.empty(), "work is waited for that was not started");
  Random random(options_.seed, "failure", {client.value, std::to_string(sequence)});
  if (random.Uniform() < options_.failure) return WorkResult{Reason::kNonFinite};
  ASSIGN_OR_RETURN(Vector update, Update(client, started.mapped()));
  WorkResult result{Reason::kAccepted,
                    DigestOf(update),
                    Rows(client),
                    {{"loss", SquaredDistance(update, optimum_)}}};
  uploads_[{sequence, client}] = std::move(update);
  return result;
}

// --- the coordinator's driver ---

Status SyntheticFederation::Persist(std::span<const coordinator::Record> records) {
  for (const coordinator::Record& record : records) journal_.push_back(ToText(record));
  return {};
}

Result<std::vector<coordinator::Record>> SyntheticFederation::Load() {
  std::vector<coordinator::Record> records;
  for (const std::string& line : journal_) {
    ASSIGN_OR_RETURN(coordinator::Record record, coordinator::RecordFromText(line));
    records.push_back(std::move(record));
  }
  return records;
}

Result<std::optional<coordinator::AggregateFinished>> SyntheticFederation::Aggregate(
    const coordinator::FinishAggregate& command) {
  const int64_t sequence = command.task.sequence;
  Random random(options_.seed, "aggregate", {std::to_string(sequence)});
  if (random.Uniform() < options_.aggregate_failure) return std::nullopt;

  const bool is_mean = !IsEvaluation(command.task.kind);
  double total = 0;
  for (const auto& update : command.updates) total += static_cast<double>(update.weight);
  Vector sum(is_mean ? optimum_.size() : 2, 0.0);
  for (const auto& update : command.updates) {
    const auto it = uploads_.find({sequence, update.client});
    if (it == uploads_.end() || DigestOf(it->second) != update.digest) {
      return MakeError(Code::kDataLoss, "the accepted update of {} for stage {} is not stored",
                       update.client.value, sequence);
    }
    const double share = is_mean ? static_cast<double>(update.weight) / total : 1.0;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += share * it->second[i];
  }
  if (is_mean && command.updates.empty()) sum = blobs_.at(command.task.checkpoint);
  coordinator::AggregateFinished finished;
  finished.sequence = sequence;
  if (!is_mean) {
    finished.rows = static_cast<int64_t>(sum[0]);
    finished.correct = static_cast<int64_t>(sum[1]);
  }
  finished.digest = Keep(std::move(sum));
  return finished;
}

Status SyntheticFederation::Publish(const coordinator::PublishCheckpoint& command) {
  TRIBUTARY_CHECK(blobs_.contains(command.digest), "a checkpoint is published that does not exist");
  published_ = command.digest;
  return {};
}

Status SyntheticFederation::Discard(const coordinator::DiscardUploads& command) {
  uploads_.erase(uploads_.begin(), uploads_.lower_bound(Key{command.before, ClientId{}}));
  return {};
}

Status SyntheticFederation::Finish(const coordinator::FinishRun& command) {
  finished_ = command;
  return {};
}

}  // namespace tributary::simulation
