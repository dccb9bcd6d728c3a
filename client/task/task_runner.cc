#include "client/task/task_runner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <thread>

#include "aggregation/base/metrics.h"

namespace tributary::client {
namespace {

constexpr size_t kPart = 256;  // rows of one part of an evaluation: fixed, so sums are too

// Runs work(part) for every part on `threads` threads; the first error by part number is returned.
Status InParallel(size_t parts, int threads, const std::function<Status(size_t)>& work) {
  std::vector<Status> results(parts);
  std::atomic<size_t> next{0};
  const auto run = [&] {
    for (size_t part = next++; part < parts; part = next++) results[part] = work(part);
  };
  {
    std::vector<std::jthread> helpers;
    for (int t = 1; t < threads && static_cast<size_t>(t) < parts; ++t) helpers.emplace_back(run);
    run();
  }
  for (Status& result : results) RETURN_IF_ERROR(std::move(result));
  return {};
}

std::span<const Example> Part(std::span<const Example> rows, size_t part) {
  return rows.subspan(part * kPart, std::min(kPart, rows.size() - part * kPart));
}
size_t PartCount(std::span<const Example> rows) { return (rows.size() + kPart - 1) / kPart; }

std::vector<double> CountClasses(std::span<const Example> rows, int64_t labels) {
  std::vector<double> counts(static_cast<size_t>(labels));
  for (const Example& row : rows) counts[static_cast<size_t>(row.label)] += 1;
  return counts;
}

Result<TaskResult> Train(const Model& model, const TaskPlan& plan, const SiteData& site,
                         const TaskStart& start, const Task& task, std::stop_token stop) {
  const strategy::RoundPosition position{task.round, task.round - 1};
  ASSIGN_OR_RETURN(
      const adapter::Instance instance,
      strategy::ClientStart(plan.adapter, *start.checkpoint, site.rank, position, start.local));
  TrainTask work;
  work.start = &instance;
  work.examples = site.train;
  work.options = plan.training;
  work.seed = plan.training_seed;
  work.client = site.name;
  work.round = task.round;
  if (plan.schedule_over_run) {
    const int64_t steps = StepCount(plan.training, static_cast<int64_t>(site.train.size()));
    work.schedule_begin = (task.round - 1) * steps;
    work.schedule_end = plan.rounds * steps;
  }
  if (plan.label_calibration != "none") {
    work.logit_offsets = LogPrior(CountClasses(site.train, plan.labels));
    if (plan.label_calibration == "relative") {
      const std::vector<float> global = LogPrior(start.class_counts);
      for (size_t i = 0; i < global.size() && i < work.logit_offsets.size(); ++i)
        work.logit_offsets[i] -= global[i];
    }
  }
  const auto began = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const TrainResult trained, model.Train(work, stop));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  ASSIGN_OR_RETURN(strategy::ClientUpdate update,
                   strategy::MakeUpdate(plan.adapter, instance, trained.values));
  TaskResult result{std::move(update.deltas), std::move(update.local), 1, {}};
  if (plan.weighting == "rows") result.weight = static_cast<int64_t>(site.train.size());
  if (plan.weighting == "seen") result.weight = trained.rows;
  if (plan.report_metrics)
    result.metrics = {{"loss", trained.loss_sum / static_cast<double>(trained.rows)},
                      {"rows", static_cast<double>(trained.rows)},
                      {"steps", static_cast<double>(trained.steps)},
                      {"tokens", static_cast<double>(trained.tokens)},
                      {"seconds", took.count()}};
  return result;
}

Result<TaskResult> Moments(const Model& model, const TaskPlan& plan, const SiteData& site,
                           std::stop_token stop) {
  ASSIGN_OR_RETURN(const FeatureMoments moments, model.Moments(site.train, plan.labels, stop));
  const int64_t d = moments.gram.rows();
  Tensor triangle(DType::kF64, {d * (d + 1) / 2});
  for (int64_t i = 0, at = 0; i < d; ++i)
    for (int64_t j = 0; j <= i; ++j)
      triangle.f64()[static_cast<size_t>(at++)] =
          moments.gram.f64()[static_cast<size_t>(i * d + j)];
  TaskResult result;
  result.upload["moments.gram"] = std::move(triangle);
  result.upload["moments.target"] = moments.target;
  return result;
}

Result<TaskResult> Gradient(const Model& model, const TaskPlan& plan, std::span<const Example> rows,
                            const TaskStart& start, std::stop_token stop) {
  adapter::Instance bare;
  for (const adapter::Target& target : plan.adapter.targets)
    bare.layers.push_back({target, {}, {}});
  bare.head = start.head;
  ASSIGN_OR_RETURN(TensorMap sums, model.GradientSum(bare, rows, stop));
  TaskResult result;
  for (auto& [module, sum] : sums) result.upload["gradient." + module] = std::move(sum);
  return result;
}

Result<TaskResult> Evaluate(const Model& model, const TaskPlan& plan, const SiteData& site,
                            const TaskStart& start, const Task& task, int threads,
                            std::stop_token stop) {
  const strategy::RoundPosition position{task.round + 1, task.round};
  ASSIGN_OR_RETURN(
      const adapter::Instance instance,
      strategy::ClientStart(plan.adapter, *start.checkpoint, site.rank, position, start.local));
  ASSIGN_OR_RETURN(const EvaluateResult counts,
                   EvaluateRows(model, instance, site.held_out, threads, stop));
  ASSIGN_OR_RETURN(Evaluation evaluation,
                   Evaluation::FromCounts(plan.labels, counts.confusion, {}, counts.loss_sum));
  evaluation.CloseClient();
  TaskResult result;
  Tensor confusion(DType::kI64, {plan.labels, plan.labels}),
      histogram(DType::kI64, {kAccuracyBins});
  std::copy(evaluation.confusion().begin(), evaluation.confusion().end(), confusion.i64().begin());
  std::copy(evaluation.histogram().begin(), evaluation.histogram().end(), histogram.i64().begin());
  const double loss = evaluation.loss_sum();
  result.upload = {{"evaluation.confusion", std::move(confusion)},
                   {"evaluation.histogram", std::move(histogram)},
                   {"evaluation.loss", Tensor::FromF64({1}, {&loss, 1})}};
  result.metrics = {{"rows", static_cast<double>(evaluation.rows())},
                    {"correct", static_cast<double>(evaluation.correct())},
                    {"loss", evaluation.MeanLoss()}};
  return result;
}

}  // namespace

std::vector<float> LogPrior(std::span<const double> class_counts) {
  double total = 0;
  for (double n : class_counts) total += n + 0.5;
  std::vector<float> prior;
  for (double n : class_counts) prior.push_back(static_cast<float>(std::log((n + 0.5) / total)));
  return prior;
}

Result<EvaluateResult> EvaluateRows(const Model& model, const adapter::Instance& adapter,
                                    std::span<const Example> rows, int threads,
                                    std::stop_token stop) {
  std::vector<EvaluateResult> parts(PartCount(rows));
  RETURN_IF_ERROR(InParallel(parts.size(), threads, [&](size_t part) -> Status {
    ASSIGN_OR_RETURN(parts[part], model.Evaluate(adapter, Part(rows, part), stop));
    return {};
  }));
  EvaluateResult sum;
  for (const EvaluateResult& part : parts) {
    sum.rows += part.rows;
    sum.correct += part.correct;
    sum.loss_sum += part.loss_sum;
    sum.confusion.resize(part.confusion.size());
    for (size_t i = 0; i < part.confusion.size(); ++i) sum.confusion[i] += part.confusion[i];
  }
  return sum;
}

Result<TaskResult> RunTask(const Model& model, const TaskPlan& plan, const SiteData& site,
                           const TaskStart& start, const Task& task, int threads,
                           std::stop_token stop) {
  switch (task.kind) {
    case TaskKind::kTrain:
      return Train(model, plan, site, start, task, stop);
    case TaskKind::kFeatureMoments:
      return Moments(model, plan, site, stop);
    case TaskKind::kGradientSum:
    case TaskKind::kPublicGradient:
      return Gradient(model, plan, site.train, start, stop);
    case TaskKind::kEvaluate:
    case TaskKind::kPublicEvaluate:
      return Evaluate(model, plan, site, start, task, threads, stop);
  }
  return MakeError(Code::kUnimplemented, "task kind {}", static_cast<int>(task.kind));
}

}  // namespace tributary::client
