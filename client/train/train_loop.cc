#include "client/train/train_loop.h"

#include <cmath>
#include <numeric>

#include "aggregation/base/random.h"
#include "client/train/live.h"
#include "client/train/optimizer.h"
#include "client/train/shard_pool.h"

namespace tributary::train {
namespace {

// Walks the epochs: every epoch a shuffle of its own, keyed by client, round and epoch.
class Batches {
 public:
  explicit Batches(const client::TrainTask& task) : task_(task), order_(task.examples.size()) {
    steps_ = client::StepCount(task.options, static_cast<int64_t>(order_.size()));
  }
  int64_t steps() const { return steps_; }

  std::span<const size_t> Next() {
    if (at_ >= order_.size()) Shuffle();
    const size_t size =
        std::min(static_cast<size_t>(task_.options.batch_size), order_.size() - at_);
    const auto batch = std::span<const size_t>(order_).subspan(at_, size);
    at_ += size;
    return batch;
  }

 private:
  void Shuffle() {
    std::iota(order_.begin(), order_.end(), size_t{0});
    Random random(
        task_.seed, "shuffle",
        {task_.client, fmt::format("round {}", task_.round), fmt::format("epoch {}", epoch_++)});
    random.Shuffle(std::span(order_));
    at_ = 0;
  }
  const client::TrainTask& task_;
  std::vector<size_t> order_;
  size_t at_ = std::numeric_limits<size_t>::max();
  int64_t steps_ = 0, epoch_ = 0;
};

struct ShardResult {
  at::Tensor gradient;  // flat
  double loss = 0;      // sum over rows
  int64_t tokens = 0;
};

MaskSource Masks(const client::TrainTask& task, int64_t step, int shard, at::Device device) {
  return [&task, step, shard, device](std::string_view place, int64_t size, double rate) {
    Random random(
        task.seed, "dropout",
        {task.client, fmt::format("round {} step {} shard {}", task.round, step, shard), place});
    at::Tensor keep = at::empty({size}, at::kFloat);
    for (float& x : std::span(keep.mutable_data_ptr<float>(), static_cast<size_t>(size)))
      x = random.Uniform() < rate ? 0.0F : 1.0F;
    return keep.to(device);
  };
}

class Loop {
 public:
  Loop(const Encoder& encoder, const client::TrainTask& task, LiveState state)
      : encoder_(encoder), task_(task), state_(std::move(state)), pool_(task.options.shards) {
    const auto& config = encoder.config();
    if (task.options.model_dropout)
      dropout_ = {
          {}, config.hidden_dropout, config.attention_dropout, config.classifier_dropout, 0};
    dropout_.adapter = task.options.adapter_dropout;
    if (!task.logit_offsets.empty())
      offsets_ =
          at::tensor(at::ArrayRef<float>(task.logit_offsets), at::kFloat).to(encoder.device());
  }

  Result<client::TrainResult> Run(std::stop_token stop) {
    Batches batches(task_);
    ASSIGN_OR_RETURN(auto optimizer, MakeOptimizer(task_.options));
    client::TrainResult result;
    const int64_t total = task_.schedule_end > 0 ? task_.schedule_end : batches.steps();
    for (int64_t step = 0; step < batches.steps(); ++step) {
      if (stop.stop_requested())
        return MakeError(Code::kCancelled, "training stopped at step {}", step);
      const auto batch = batches.Next();
      ASSIGN_OR_RETURN(at::Tensor gradient, Gradient(batch, step, &result));
      at::NoGradGuard no_grad;
      const double rate = ScheduledRate(task_.options, task_.schedule_begin + step, total);
      optimizer->Step(state_.values(), gradient, rate);
      result.rows += static_cast<int64_t>(batch.size());
      ++result.steps;
    }
    result.values = state_.Values();
    for (const auto& [name, tensor] : result.values)
      if (!AllFinite(tensor.view()))
        return MakeError(Code::kOutOfRange, "{}: not finite after training", name);
    return result;
  }

 private:
  ShardResult RunShard(std::span<const size_t> rows, size_t batch_rows, int64_t step, int shard) {
    std::vector<at::Tensor> leaves;
    const LiveInstance live = state_.Bind(true, &leaves);
    const Packed packed = encoder_.Pack(task_.examples, rows);
    Dropout dropout = dropout_;
    dropout.mask = Masks(task_, step, shard, encoder_.device());
    const bool drops = dropout.hidden > 0 || dropout.attention > 0 || dropout.classifier > 0 ||
                       dropout.adapter > 0;
    at::Tensor logits = encoder_.Logits(packed, live, drops ? &dropout : nullptr);
    if (offsets_.defined()) logits = logits + offsets_;
    const at::Tensor loss = at::cross_entropy_loss(logits, packed.labels, {}, at::Reduction::Sum);
    const auto gradients = torch::autograd::grad({loss / static_cast<double>(batch_rows)}, leaves);
    std::vector<at::Tensor> flat;
    for (const at::Tensor& g : gradients) flat.push_back(g.reshape({-1}));
    return {at::cat(flat), loss.item<double>(), packed.offsets.back()};
  }

  // The batch's mean gradient, clipped; adds loss and tokens to the result.
  Result<at::Tensor> Gradient(std::span<const size_t> batch, int64_t step,
                              client::TrainResult* result) {
    const auto parts = BalancedParts(task_.examples, batch, task_.options.shards);
    std::vector<ShardResult> shards(parts.size());
    pool_.Run([&](int i) {
      const auto s = static_cast<size_t>(i);
      if (s < parts.size()) shards[s] = RunShard(parts[s], batch.size(), step, i);
    });
    at::NoGradGuard no_grad;
    at::Tensor gradient = shards[0].gradient;
    for (size_t s = 1; s < shards.size(); ++s) gradient.add_(shards[s].gradient);
    for (const ShardResult& shard : shards) {
      result->loss_sum += shard.loss;
      result->tokens += shard.tokens;
    }
    const double norm = gradient.norm().item<double>();
    if (!std::isfinite(norm) || !std::isfinite(result->loss_sum))
      return MakeError(Code::kOutOfRange, "loss or gradient is not finite at step {}", step);
    if (task_.options.gradient_clip > 0 && norm > task_.options.gradient_clip)
      gradient.mul_(task_.options.gradient_clip / (norm + 1e-6));
    return gradient;
  }

  const Encoder& encoder_;
  const client::TrainTask& task_;
  LiveState state_;
  ShardPool pool_;
  Dropout dropout_;
  at::Tensor offsets_;
};

}  // namespace

Result<client::TrainResult> RunTraining(const Encoder& encoder, const client::TrainTask& task,
                                        std::stop_token stop) {
  UseOneTorchThread();
  if (task.examples.empty()) return InvalidArgument("no rows to train on");
  if (task.options.batch_size < 1 || task.options.shards < 1)
    return InvalidArgument("batch_size and shards must be at least 1");
  ASSIGN_OR_RETURN(LiveState state, LiveState::Make(*task.start, encoder));
  if (state.values().numel() == 0) return InvalidArgument("the adapter has nothing to train");
  if (!task.logit_offsets.empty() &&
      static_cast<int64_t>(task.logit_offsets.size()) != state.labels())
    return InvalidArgument("{} logit offsets for {} labels", task.logit_offsets.size(),
                           state.labels());
  return Loop(encoder, task, std::move(state)).Run(stop);
}

}  // namespace tributary::train
