#include "aggregation/strategy/factor_fold.h"

#include <algorithm>

#include "aggregation/tensor/kernels.h"

namespace tributary::strategy {
namespace {

using adapter::FactorName;
using adapter::FactorSpec;
using adapter::Matrix;

// Zero-padded to `shape`.
Tensor Pad(const TensorView& view, const Shape& shape) {
  Tensor padded(DType::kF32, shape);
  const auto from = view.as<float>();
  const auto width = static_cast<size_t>(shape.size() == 2 ? view.shape[1] : 1);
  const auto stride = static_cast<size_t>(shape.size() == 2 ? shape[1] : 1);
  for (size_t row = 0; row < static_cast<size_t>(view.shape[0]); ++row)
    std::copy_n(from.begin() + row * width, width, padded.f32().begin() + row * stride);
  return padded;
}

}  // namespace

FactorFold::FactorFold(const RoundStart& start, int threads)
    : start_(start), method_(MethodOf(start.spec)), threads_(threads) {
  const AdapterSpec& spec = start.spec;
  const auto trained = TrainedFactors(method_, start.position.committed);
  for (size_t l = 0; l < spec.targets.size(); ++l) {
    for (const FactorSpec* factor : trained)
      if (!method_.is_local(factor->name))
        tensors_[FactorName(spec.targets[l].module, factor->name)] = l;
    if (trained.size() != 2 || method_.is_personal()) continue;
    const auto value = [&](const FactorSpec* factor) {
      return adapter::ToMatrix(
          StartValue(spec, start.state, spec.targets[l], *factor, start.position.round).view());
    };
    starts_.push_back({value(trained[0]), value(trained[1])});
  }
  const Layout layout = UpdateLayout(spec, spec.rank, start.position.committed);
  for (const auto& [name, entry] : layout) {
    tensors_.try_emplace(name);  // the head's have no layer
    means_[name] = Tensor(DType::kF64, entry.shape);
  }
  own_weights_.resize(spec.targets.size());
  totals_.resize(spec.targets.size());
}

LayerFactors FactorFold::ValuesAt(const Update& update, size_t layer) const {
  const std::string& module = start_.spec.targets[layer].module;
  const auto trained = TrainedFactors(method_, start_.position.committed);
  const Matrix delta_b =
      adapter::ToMatrix(update.deltas.find(FactorName(module, trained[0]->name))->second);
  const Matrix delta_a =
      adapter::ToMatrix(update.deltas.find(FactorName(module, trained[1]->name))->second);
  return {starts_[layer].b.leftCols(update.rank) + delta_b,
          starts_[layer].a.topRows(update.rank) + delta_a};
}

double FactorFold::WeightAt(const Update& update, std::optional<size_t> layer) const {
  const auto weight = static_cast<double>(update.weight);
  if (!layer || own_weights_[*layer] == 0 || update.weight == 0) return weight;
  return method_.layer_weight(start_.spec, ValuesAt(update, *layer));
}

Status FactorFold::FoldLayerWeights(UpdateSource& updates) {
  return updates.ForEach([&](std::span<const Update> group) -> Status {
    for (const Update& update : group) {
      if (update.weight == 0) continue;
      for (size_t l = 0; l < own_weights_.size(); ++l)
        own_weights_[l] += method_.layer_weight(start_.spec, ValuesAt(update, l));
    }
    return {};
  });
}

void FactorFold::AddGroup(std::span<const Update> group, const std::string& name,
                          std::optional<size_t> layer) {
  Tensor& sum = means_.at(name);
  std::vector<Tensor> padded;
  padded.reserve(group.size());
  std::vector<std::span<const float>> inputs;
  std::vector<double> weights;
  for (const Update& update : group) {
    const TensorView& delta = update.deltas.find(name)->second;
    if (delta.shape == sum.shape()) {
      inputs.push_back(delta.as<float>());
    } else {
      padded.push_back(Pad(delta, sum.shape()));
      inputs.push_back(padded.back().f32());
    }
    weights.push_back(WeightAt(update, layer));
  }
  WeightedSum(sum.f64(), inputs, weights, threads_);
}

Status FactorFold::FoldMeans(UpdateSource& updates) {
  if (method_.layer_weight != nullptr) RETURN_IF_ERROR(FoldLayerWeights(updates));
  RETURN_IF_ERROR(updates.ForEach([&](std::span<const Update> group) -> Status {
    for (const Update& update : group) {
      head_total_.weight += static_cast<double>(update.weight);
      for (size_t l = 0; l < totals_.size(); ++l) {
        const double weight = WeightAt(update, l);
        totals_[l].weight += weight;
        totals_[l].by_rank[update.rank] += weight;
      }
    }
    for (const auto& [name, layer] : tensors_) AddGroup(group, name, layer);
    return {};
  }));
  if (head_total_.weight == 0)
    return MakeError(Code::kFailedPrecondition, "no accepted update has a weight above 0");
  for (const auto& [name, layer] : tensors_) {
    const double total = layer ? totals_[*layer].weight : head_total_.weight;
    for (double& x : means_.at(name).f64()) x /= total;
  }
  return {};
}

// sum p_k pad(start[:r_k]) + mean delta: a rank's row (or column) is started from by its owners
// only.
Matrix FactorFold::MeanValue(const Matrix& start, const Total& total, std::string_view name,
                             bool by_row) const {
  Matrix mean = adapter::ToMatrix(means_.find(name)->second.view());
  double owners = total.weight;
  int64_t at = 0;
  for (const auto& [rank, weight] : total.by_rank) {
    const double share = owners / total.weight;
    if (by_row)
      mean.middleRows(at, rank - at) += share * start.middleRows(at, rank - at);
    else
      mean.middleCols(at, rank - at) += share * start.middleCols(at, rank - at);
    owners -= weight;
    at = rank;
  }
  return mean;
}

Status FactorFold::FoldProducts(UpdateSource& updates) {
  const AdapterSpec& spec = start_.spec;
  const auto trained = TrainedFactors(method_, start_.position.committed);
  for (size_t l = 0; l < spec.targets.size(); ++l) {
    const adapter::Target& target = spec.targets[l];
    LayerFold& fold = layers_.emplace_back();
    fold.start_b = starts_[l].b;
    fold.start_a = starts_[l].a;
    fold.mean_b =
        MeanValue(fold.start_b, totals_[l], FactorName(target.module, trained[0]->name), false);
    fold.mean_a =
        MeanValue(fold.start_a, totals_[l], FactorName(target.module, trained[1]->name), true);
    fold.error = ProductSum(target.out, target.in);
  }
  RETURN_IF_ERROR(updates.ForEach([&](std::span<const Update> group) -> Status {
    for (const Update& update : group) {
      if (update.weight == 0) continue;
      for (size_t l = 0; l < layers_.size(); ++l) {
        const LayerFactors values = ValuesAt(update, l);
        Matrix b = -layers_[l].mean_b, a = -layers_[l].mean_a;
        b.leftCols(update.rank) += values.b;
        a.topRows(update.rank) += values.a;
        b *= WeightAt(update, l) / totals_[l].weight;
        layers_[l].error.Add(b, a);
      }
    }
    return {};
  }));
  return {};
}

}  // namespace tributary::strategy
