#include "coordinator/fold/folder.h"

#include <cmath>

#include "aggregation/base/metrics.h"

namespace tributary::fold {
namespace {

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

// The features that the head's last linear sees.
int64_t FeatureCount(const FoldPlan& plan) {
  const auto it = plan.adapter.head.find(plan.ridge.output + ".weight");
  return it == plan.adapter.head.end() ? 0 : it->second.shape.at(1);
}

// sum += upload, element by element; both of the same layout.
void AddTo(Tensor& sum, const TensorView& upload) {
  if (sum.dtype() == DType::kI64) {
    for (size_t i = 0; i < sum.i64().size(); ++i) sum.i64()[i] += upload.as<int64_t>()[i];
  } else if (upload.dtype == DType::kF64) {
    for (size_t i = 0; i < sum.f64().size(); ++i) sum.f64()[i] += upload.as<double>()[i];
  } else {
    for (size_t i = 0; i < sum.f64().size(); ++i)
      sum.f64()[i] += static_cast<double>(upload.as<float>()[i]);
  }
}

}  // namespace

Layout MomentsLayout(int64_t features, int64_t labels) {
  const int64_t d = features + 1;
  return {{"moments.gram", {DType::kF64, {d * (d + 1) / 2}}},
          {"moments.target", {DType::kF64, {d, labels}}}};
}

Layout GradientLayout(const strategy::AdapterSpec& spec) {
  Layout layout;
  for (const adapter::Target& target : spec.targets)
    layout["gradient." + target.module] = {DType::kF32, {target.out, target.in}};
  return layout;
}

Layout EvaluationLayout(int64_t labels) {
  return {{"evaluation.confusion", {DType::kI64, {labels, labels}}},
          {"evaluation.histogram", {DType::kI64, {kAccuracyBins}}},
          {"evaluation.loss", {DType::kF64, {1}}}};
}

Layout UploadLayout(const FoldPlan& plan, const ClientId& client, const Task& task) {
  switch (task.kind) {
    case TaskKind::kTrain:
      return strategy::UpdateLayout(plan.adapter, plan.rank_of(client), task.round - 1);
    case TaskKind::kFeatureMoments:
      return MomentsLayout(FeatureCount(plan), plan.labels);
    case TaskKind::kGradientSum:
    case TaskKind::kPublicGradient:
      return GradientLayout(plan.adapter);
    case TaskKind::kEvaluate:
    case TaskKind::kPublicEvaluate:
      return EvaluationLayout(plan.labels);
  }
  return {};
}

Status CheckStatistic(const Layout& layout, const TensorViewMap& tensors) {
  constexpr double kMost = 1e30;
  RETURN_IF_ERROR(CheckCompatible(layout, tensors));
  for (const auto& [name, view] : tensors) {
    if (view.dtype == DType::kI64) continue;
    ASSIGN_OR_RETURN(const Tensor values, Convert(view, DType::kF64));
    for (const double value : values.f64())
      if (!(std::abs(value) <= kMost))
        return InvalidArgument("{}: {}, expected at most {} in size", name, value, kMost);
  }
  const auto confusion = tensors.find("evaluation.confusion");
  if (confusion == tensors.end()) return {};
  const Tensor counts = Copy(confusion->second),
               histogram = Copy(tensors.at("evaluation.histogram"));
  const int64_t labels = confusion->second.shape[0];
  ASSIGN_OR_RETURN(const Evaluation evaluation,
                   Evaluation::FromCounts(labels, counts.i64(), histogram.i64(), 0));
  if (evaluation.rows() <= strategy::kMaxUpdateWeight) return {};
  return InvalidArgument("{}: {} rows, expected at most {}", confusion->first, evaluation.rows(),
                         strategy::kMaxUpdateWeight);
}

int64_t UploadBytes(const FoldPlan& plan, const ClientId& client, const Task& task) {
  int64_t bytes = 0;
  for (const auto& [name, entry] : UploadLayout(plan, client, task))
    bytes += ElementCount(entry.shape).value_or(0) * static_cast<int64_t>(SizeOf(entry.dtype));
  return bytes;
}

Folder::Folder(FoldPlan plan, store::BlobStore& blobs, std::unique_ptr<privacy::NoiseSource> noise,
               OpenUpload open)
    : plan_(std::move(plan)), blobs_(blobs), open_(std::move(open)), noise_(std::move(noise)) {
  if (!open_)
    open_ = [&blobs](int64_t, const ClientId&, const Digest& digest) { return blobs.Open(digest); };
}

Result<strategy::RunState> Folder::Open(const Digest& digest) const {
  ASSIGN_OR_RETURN(const auto blob, blobs_.Open(digest));
  return strategy::ParseRunState(plan_.adapter, blob->bytes());
}

Result<Digest> Folder::PutStart(TensorMap head, const strategy::StartSources& sources) {
  strategy::RunState state;
  if (strategy::InputOf(plan_.adapter) == strategy::StartInput::kGradient) {
    state.head = std::move(head);
  } else {
    ASSIGN_OR_RETURN(state.adapter, strategy::InitialState(plan_.adapter, head, sources));
  }
  return blobs_.Put(Bytes(Serialize(state)));
}

Result<std::optional<coordinator::AggregateFinished>> Folder::Fold(
    const coordinator::FinishAggregate& command, std::string* why) {
  Finished finished;
  finished.sequence = command.task.sequence;
  if (!Traits(command.task.kind).changes_checkpoint) {
    auto evaluated = FoldEvaluation(command);
    if (evaluated || evaluated.error().code != Code::kInvalidArgument) return evaluated;
    *why = evaluated.error().message;
    return std::optional<Finished>();
  }
  ASSIGN_OR_RETURN(strategy::RunState state, Open(command.task.checkpoint));
  Status folded = command.task.kind == TaskKind::kTrain ? FoldTraining(command, &state, &finished)
                  : command.task.kind == TaskKind::kFeatureMoments ? FoldMoments(command, &state)
                                                                   : FoldGradients(command, &state);
  if (!folded && (folded.error().code == Code::kDataLoss || folded.error().code == Code::kNotFound))
    return tl::unexpected(folded.error());
  if (!folded) {
    *why = folded.error().message;
    return std::optional<Finished>();
  }
  ASSIGN_OR_RETURN(finished.digest, blobs_.Put(Bytes(Serialize(state))));
  return finished;
}

Status Folder::FoldTraining(const coordinator::FinishAggregate& command, strategy::RunState* state,
                            Finished* finished) {
  const strategy::RoundStart start{
      plan_.adapter, state->adapter, {command.task.round, command.task.round - 1}};
  strategy::RoundResult result;
  if (plan_.noise) {
    ASSIGN_OR_RETURN(TensorMap mean, NoisedMean(command));
    ASSIGN_OR_RETURN(result, strategy::AggregateFromMean(start, std::move(mean)));
  } else {
    SpooledUpdates updates(open_, command, plan_.rank_of);
    ASSIGN_OR_RETURN(result, strategy::Aggregate(start, updates, plan_.threads));
  }
  if (result.averaging_error)
    finished->metrics.push_back({"averaging_error", *result.averaging_error});
  state->adapter = std::move(result.state);
  return {};
}

Result<TensorMap> Folder::NoisedMean(const coordinator::FinishAggregate& command) {
  const Layout layout = UploadLayout(plan_, {}, command.task);
  const std::string call =
      fmt::format("round-{}-attempt-{}", command.task.round, command.task.attempt);
  ASSIGN_OR_RETURN(privacy::GridSum sum,
                   privacy::GridSum::Create(layout, *plan_.noise, *noise_, call));
  RETURN_IF_ERROR(
      ForEachUpload(open_, command,
                    [&](const coordinator::AcceptedUpdate&, const TensorViewMap& deltas) -> Status {
                      RETURN_IF_ERROR(sum.Add(deltas));
                      return {};
                    }));
  return std::move(sum).Finish();
}

Result<TensorMap> Folder::SumUploads(const coordinator::FinishAggregate& command,
                                     const Layout& layout) {
  TensorMap sums;
  for (const auto& [name, entry] : layout)
    sums[name] = Tensor(entry.dtype == DType::kI64 ? DType::kI64 : DType::kF64, entry.shape);
  RETURN_IF_ERROR(ForEachUpload(
      open_, command,
      [&](const coordinator::AcceptedUpdate& update, const TensorViewMap& tensors) -> Status {
        if (Status fits = CheckCompatible(layout, tensors); !fits)
          return Annotate(fits.error(), update.client.value);
        for (const auto& [name, view] : tensors) AddTo(sums.at(name), view);
        return {};
      }));
  return sums;
}

Status Folder::FoldMoments(const coordinator::FinishAggregate& command, strategy::RunState* state) {
  const int64_t features = FeatureCount(plan_);
  ASSIGN_OR_RETURN(const TensorMap sums,
                   SumUploads(command, MomentsLayout(features, plan_.labels)));
  TensorMap head;
  for (const auto& [name, entry] : plan_.adapter.head)
    head[name] = (state->head.empty() ? state->adapter : state->head).at(name);
  RETURN_IF_ERROR(strategy::SolveRidgeHead(sums.at("moments.gram").view(),
                                           sums.at("moments.target").view(), plan_.ridge, &head));
  for (auto& [name, tensor] : head)
    (state->head.empty() ? state->adapter : state->head)[name] = std::move(tensor);
  const auto ones = sums.at("moments.target")
                        .f64()
                        .last(static_cast<size_t>(plan_.labels));  // sums of one-hot labels
  state->class_counts.assign(ones.begin(), ones.end());
  return {};
}

Status Folder::FoldGradients(const coordinator::FinishAggregate& command,
                             strategy::RunState* state) {
  ASSIGN_OR_RETURN(const TensorMap sums, SumUploads(command, GradientLayout(plan_.adapter)));
  TensorMap gradients;
  for (const auto& [name, sum] : sums) {
    ASSIGN_OR_RETURN(gradients[name.substr(std::string_view("gradient.").size())],
                     Convert(sum.view(), DType::kF32));
  }
  strategy::StartSources sources;
  sources.gradients = ViewsOf(gradients);
  ASSIGN_OR_RETURN(state->adapter, strategy::InitialState(plan_.adapter, state->head, sources));
  state->head.clear();
  return {};
}

Result<coordinator::AggregateFinished> Folder::FoldEvaluation(
    const coordinator::FinishAggregate& command) {
  ASSIGN_OR_RETURN(const TensorMap sums, SumUploads(command, EvaluationLayout(plan_.labels)));
  ASSIGN_OR_RETURN(const Evaluation evaluation,
                   Evaluation::FromCounts(plan_.labels, sums.at("evaluation.confusion").i64(),
                                          sums.at("evaluation.histogram").i64(),
                                          sums.at("evaluation.loss").f64()[0]));
  Finished finished;
  finished.sequence = command.task.sequence;
  ASSIGN_OR_RETURN(finished.digest, blobs_.Put(Bytes(SerializeSafetensors(sums))));
  finished.rows = evaluation.rows();
  finished.correct = evaluation.correct();
  finished.metrics = {{"loss", evaluation.MeanLoss()}, {"macro_f1", evaluation.MacroF1()}};
  return finished;
}

}  // namespace tributary::fold
