#include "aggregation/strategy/client.h"

#include <algorithm>
#include <set>

namespace tributary::strategy {
namespace {

using adapter::AdaptedLayer;
using adapter::Factor;
using adapter::FactorName;
using adapter::FactorSpec;
using adapter::Instance;
using adapter::Target;

// Tensor names of the parts that stay with a client.
std::set<std::string, std::less<>> LocalNames(const AdapterSpec& spec) {
  const Method& method = MethodOf(spec);
  std::set<std::string, std::less<>> names;
  for (const Target& target : spec.targets)
    for (const std::string_view factor : method.local_factors)
      names.insert(FactorName(target.module, factor));
  if (method.local_head && !spec.freeze_head)
    for (const auto& [name, entry] : spec.head) names.insert(name);
  return names;
}

Status PutLocal(const TensorMap& local, std::string_view name, Tensor* value) {
  const auto it = local.find(name);
  if (it == local.end()) return {};
  if (it->second.dtype() != DType::kF32 || it->second.shape() != value->shape())
    return InvalidArgument("local part {}: {} {}, expected F32 {}", name,
                           DTypeName(it->second.dtype()), FormatShape(it->second.shape()),
                           FormatShape(value->shape()));
  *value = it->second;
  return {};
}

Factor StartFactor(const AdapterSpec& spec, const TensorMap& tensors, const Target& target,
                   const FactorSpec& factor, int64_t rank, RoundPosition position) {
  const Method& method = MethodOf(spec);
  const bool whole = method.ranks == Ranks::kBlock;
  Factor start{.name = std::string(factor.name), .form = factor.form};
  const Shape shape = adapter::FactorShape(factor, target, whole ? spec.rank : rank);
  start.value = adapter::LeadingBlock(
      StartValue(spec, tensors, target, factor, position.round).view(), shape);
  const auto trained = TrainedFactors(method, position.committed);
  start.trained = std::ranges::find(trained, factor.name, &FactorSpec::name) != trained.end();
  if (start.trained && whole && rank < spec.rank) start.block = rank;
  return start;
}

}  // namespace

Result<Instance> ClientStart(const AdapterSpec& spec, const Checkpoint& checkpoint, int64_t rank,
                             RoundPosition position, const TensorMap& local) {
  const Method& method = MethodOf(spec);
  const auto local_names = LocalNames(spec);
  Instance instance{.scale = spec.scale};
  for (const Target& target : spec.targets) {
    AdaptedLayer layer{.target = target};
    for (const FactorSpec& factor : method.adapter_kind().chain) {
      layer.chain.push_back(StartFactor(spec, checkpoint.tensors, target, factor, rank, position));
      const std::string name = FactorName(target.module, factor.name);
      if (local_names.contains(name))
        RETURN_IF_ERROR(PutLocal(local, name, &layer.chain.back().value));
    }
    const auto increment = checkpoint.increments.find(target.module);
    if (increment != checkpoint.increments.end()) layer.increment = increment->second;
    instance.layers.push_back(std::move(layer));
  }
  for (const auto& [name, entry] : spec.head) {
    Tensor value = checkpoint.tensors.at(name);
    if (local_names.contains(name)) RETURN_IF_ERROR(PutLocal(local, name, &value));
    instance.head[name] = std::move(value);
  }
  instance.head_trained = !spec.freeze_head;
  return instance;
}

Result<TensorMap> OwnState(const AdapterSpec& spec, const Checkpoint& checkpoint,
                           const TensorMap& local) {
  TensorMap state = checkpoint.tensors;
  for (const std::string& name : LocalNames(spec))
    if (const auto it = state.find(name); it != state.end())
      RETURN_IF_ERROR(PutLocal(local, name, &it->second));
  if (!MethodOf(spec).adds_increment) return state;
  for (const Target& target : spec.targets) {
    const auto increment = checkpoint.increments.find(target.module);
    state[FactorName(target.module, kIncrement)] =
        increment != checkpoint.increments.end() ? *increment->second
                                                 : Tensor(DType::kF32, {target.out, target.in});
  }
  return state;
}

Layout UpdateLayout(const AdapterSpec& spec, int64_t rank, int64_t committed) {
  const Method& method = MethodOf(spec);
  Layout layout;
  if (!spec.freeze_head && !method.local_head) layout = spec.head;
  for (const FactorSpec* factor : TrainedFactors(method, committed)) {
    if (method.is_local(factor->name)) continue;
    for (const Target& target : spec.targets)
      layout[FactorName(target.module, factor->name)] = {
          DType::kF32, adapter::FactorShape(*factor, target, rank)};
  }
  return layout;
}

Result<ClientUpdate> MakeUpdate(const AdapterSpec& spec, const Instance& start,
                                const TensorMap& values) {
  const TensorMap before = adapter::TrainedValues(start);
  RETURN_IF_ERROR(CheckCompatible(LayoutOf(before), ViewsOf(values)));
  const auto local_names = LocalNames(spec);
  ClientUpdate update;
  for (const auto& [name, value] : values) {
    if (!AllFinite(value.view()))
      return MakeError(Code::kOutOfRange, "{}: trained to a number that is not finite", name);
    if (local_names.contains(name)) {
      update.local[name] = value;
      continue;
    }
    Tensor delta = value;
    const auto to = delta.f32();
    const auto from = before.at(name).f32();
    for (size_t i = 0; i < to.size(); ++i) to[i] -= from[i];
    update.deltas[name] = std::move(delta);
  }
  return update;
}

}  // namespace tributary::strategy
