#include "aggregation/strategy/round.h"

#include <cmath>

#include "aggregation/strategy/factor_fold.h"
#include "aggregation/strategy/server_optimizer.h"

namespace tributary::strategy {
namespace {

using adapter::FactorName;
using adapter::Matrix;

void AddToF32(std::span<const double> step, Tensor* value) {
  const auto to = value->f32();
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = static_cast<float>(static_cast<double>(to[i]) + step[i]);
}

// new = start + optimizer(mean delta), for every tensor that was trained.
void TakeMeanStep(const ServerOptimizerSpec& optimizer, TensorMap mean_deltas, TensorMap* state) {
  for (auto& [name, delta] : mean_deltas) {
    TakeServerStep(optimizer, name, delta.f64(), state);
    AddToF32(delta.f64(), &state->at(name));
  }
}

// (sum of squares of E, sum of squares of D - D_start), both without s.
double AveragingError(const std::vector<LayerFold>& layers) {
  double missed = 0, moved = 0;
  for (const LayerFold& fold : layers) {
    ProductSum change = fold.error;  // D - D_start = E + (B - B0) A + B0 (A - A0)
    change.Add(fold.mean_b - fold.start_b, fold.mean_a);
    change.Add(fold.start_b, fold.mean_a - fold.start_a);
    missed += std::pow(fold.error.Norm(), 2);
    moved += std::pow(change.Norm(), 2);
  }
  return missed == 0 ? 0 : std::sqrt(missed / moved);
}

void PutLayer(const AdapterSpec& spec, const adapter::Target& target, const LayerResult& result,
              TensorMap* state) {
  const auto& chain = MethodOf(spec).adapter_kind().chain;
  if (result.b.size() > 0)
    state->at(FactorName(target.module, chain.front().name)) = adapter::ToF32(result.b);
  if (result.a.size() > 0)
    state->at(FactorName(target.module, chain.back().name)) = adapter::ToF32(result.a);
  if (result.increment.size() == 0) return;
  const auto increment = state->at(FactorName(target.module, kIncrement)).f64();
  for (size_t i = 0; i < increment.size(); ++i) increment[i] += result.increment.data()[i];
}

void ApplyProductRule(const AdapterSpec& spec, FactorFold* fold, TensorMap* state) {
  const TensorMap means = fold->TakeMeanDeltas();
  for (const auto& [name, entry] : spec.head)
    if (const auto mean = means.find(name); mean != means.end())
      AddToF32(mean->second.f64(), &state->at(name));
  for (size_t l = 0; l < spec.targets.size(); ++l)
    PutLayer(spec, spec.targets[l], MethodOf(spec).product_rule(spec, fold->layers()[l]), state);
}

Status CheckResult(const TensorMap& state) {
  for (const auto& [name, tensor] : state)
    if (!AllFinite(tensor.view()))
      return MakeError(Code::kOutOfRange, "{}: the aggregate has a number that is not finite",
                       name);
  return {};
}

}  // namespace

Result<RoundResult> Aggregate(const RoundStart& start, UpdateSource& updates, int threads) {
  const Method& method = MethodOf(start.spec);
  FactorFold fold(start, threads);
  RETURN_IF_ERROR(fold.FoldMeans(updates));
  if (method.additive()) return AggregateFromMean(start, fold.TakeMeanDeltas());

  RoundResult result{start.state, std::nullopt};
  if (!method.is_personal()) {
    RETURN_IF_ERROR(fold.FoldProducts(updates));
    result.averaging_error = AveragingError(fold.layers());
  }
  if (method.is_mean())
    TakeMeanStep(start.spec.server, fold.TakeMeanDeltas(), &result.state);
  else
    ApplyProductRule(start.spec, &fold, &result.state);
  RETURN_IF_ERROR(CheckResult(result.state));
  return result;
}

Result<RoundResult> AggregateFromMean(const RoundStart& start, TensorMap mean_deltas) {
  if (!MethodOf(start.spec).additive())
    return MakeError(Code::kFailedPrecondition,
                     "{}: its aggregate is no mean of one trained factor; that of {} is",
                     start.spec.method,
                     MethodsWhere([](const Method& method) { return method.additive(); }));
  Layout layout = UpdateLayout(start.spec, start.spec.rank, start.position.committed);
  for (auto& [name, entry] : layout) entry.dtype = DType::kF64;
  RETURN_IF_ERROR(CheckCompatible(layout, ViewsOf(mean_deltas)));
  RoundResult result{start.state, 0.0};
  TakeMeanStep(start.spec.server, std::move(mean_deltas), &result.state);
  RETURN_IF_ERROR(CheckResult(result.state));
  return result;
}

}  // namespace tributary::strategy
