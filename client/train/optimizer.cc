#include "client/train/optimizer.h"

#include <array>
#include <cmath>
#include <numbers>

namespace tributary::train {
namespace {

class AdamW : public Optimizer {
 public:
  explicit AdamW(const client::TrainingOptions& options) : decay_(options.weight_decay) {}

  void Step(at::Tensor& values, at::Tensor& gradient, double rate) override {
    if (!mean_.defined()) {
      mean_ = at::zeros_like(values);
      square_ = at::zeros_like(values);
    }
    ++step_;
    if (decay_ != 0) values.mul_(1 - rate * decay_);
    mean_.lerp_(gradient, 1 - kBeta1);
    square_.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const double first = 1 - std::pow(kBeta1, static_cast<double>(step_)),
                 second = 1 - std::pow(kBeta2, static_cast<double>(step_));
    const at::Tensor denominator = square_.sqrt().div_(std::sqrt(second)).add_(kEpsilon);
    values.addcdiv_(mean_, denominator, -rate / first);
  }

 private:
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
  double decay_;
  int64_t step_ = 0;
  at::Tensor mean_, square_;
};

class Sgd : public Optimizer {
 public:
  explicit Sgd(const client::TrainingOptions& options)
      : momentum_(options.momentum), decay_(options.weight_decay) {}

  void Step(at::Tensor& values, at::Tensor& gradient, double rate) override {
    if (decay_ != 0) gradient.add_(values, decay_);
    if (momentum_ != 0) {
      if (velocity_.defined())
        velocity_.mul_(momentum_).add_(gradient);
      else
        velocity_ = gradient.clone();
      values.sub_(velocity_, rate);
    } else {
      values.sub_(gradient, rate);
    }
  }

 private:
  double momentum_, decay_;
  at::Tensor velocity_;
};

struct Row {
  std::string_view name;
  std::unique_ptr<Optimizer> (*make)(const client::TrainingOptions&);
};
constexpr std::array<Row, 2> kOptimizers = {
    {{"adamw",
      [](const client::TrainingOptions& o) -> std::unique_ptr<Optimizer> {
        return std::make_unique<AdamW>(o);
      }},
     {"sgd", [](const client::TrainingOptions& o) -> std::unique_ptr<Optimizer> {
        return std::make_unique<Sgd>(o);
      }}}};

}  // namespace

std::string OptimizerNames() {
  std::string names;
  for (const Row& row : kOptimizers)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", row.name);
  return names;
}

Result<std::unique_ptr<Optimizer>> MakeOptimizer(const client::TrainingOptions& options) {
  for (const Row& row : kOptimizers)
    if (row.name == options.optimizer) return row.make(options);
  return InvalidArgument("optimizer \"{}\" is not known; there are {}", options.optimizer,
                         OptimizerNames());
}

double ScheduledRate(const client::TrainingOptions& options, int64_t step, int64_t total) {
  const double warm = options.warmup * static_cast<double>(total), at = static_cast<double>(step);
  if (at < warm) return options.learning_rate * (at + 1) / (warm + 1);
  const double progress =
      static_cast<double>(total) > warm ? (at - warm) / (static_cast<double>(total) - warm) : 0;
  if (options.schedule == "linear") return options.learning_rate * (1 - progress);
  if (options.schedule == "cosine")
    return options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * progress));
  return options.learning_rate;
}

}  // namespace tributary::train
