#include "aggregation/strategy/state.h"

#include <algorithm>

#include "aggregation/adapter/instance.h"
#include "aggregation/adapter/source.h"

namespace tributary::strategy {
namespace {

using adapter::Dimension;
using adapter::Distribution;
using adapter::FactorName;
using adapter::FactorSpec;
using adapter::Target;

// The leftmost trained factor starts at zero, so that the adapter starts as nothing.
Distribution DistributionOf(const AdapterSpec& spec, const FactorSpec& factor) {
  const auto& chain = MethodOf(spec).adapter_kind().chain;
  const auto first = std::ranges::find(chain, true, &FactorSpec::trained);
  if (first != chain.end() && first->name == factor.name) return Distribution::kZero;
  const std::string_view start = StartOf(spec);
  return start == "normal"        ? Distribution::kNormal
         : start == "orthonormal" ? Distribution::kOrthonormal
                                  : Distribution::kKaiming;
}

Result<TensorView> Find(const TensorViewMap& tensors, std::string_view name, const Shape& shape,
                        std::string_view what) {
  const auto it = tensors.find(name);
  if (it == tensors.end()) return InvalidArgument("{}: no {}", name, what);
  const TensorView& view = it->second;
  if (view.shape != shape || view.dtype != DType::kF32)
    return InvalidArgument("{}: {} is {} {}, expected F32 {}", name, what, DTypeName(view.dtype),
                           FormatShape(view.shape), FormatShape(shape));
  if (!AllFinite(view))
    return InvalidArgument("{}: {} has a number that is not finite", name, what);
  return view;
}

// The core of a frame is diagonal itself.
Tensor Diagonal(const adapter::Matrix& core) {
  Tensor values(DType::kF32, {core.rows()});
  for (Eigen::Index i = 0; i < core.rows(); ++i)
    values.f32()[static_cast<size_t>(i)] = static_cast<float>(core(i, i));
  return values;
}

// Factors of a chain B .. A from a frame, the middle one (if any) from its core.
void AddFrame(const AdapterSpec& spec, const Target& target, const adapter::Frame& frame,
              TensorMap* state) {
  for (const FactorSpec& factor : MethodOf(spec).adapter_kind().chain) {
    Tensor& value = (*state)[FactorName(target.module, factor.name)];
    if (factor.rows == Dimension::kOut)
      value = adapter::ToF32(frame.left);
    else if (factor.cols == Dimension::kIn)
      value = adapter::ToF32(frame.right);
    else if (factor.form == adapter::Form::kDense)
      value = adapter::ToF32(frame.core);
    else
      value = Diagonal(frame.core);
  }
}

Status AddFactors(const AdapterSpec& spec, const Target& target, const StartSources& sources,
                  TensorMap* state) {
  const Shape dense = {target.out, target.in};
  switch (InputOf(spec)) {
    case StartInput::kGradient: {
      ASSIGN_OR_RETURN(const TensorView gradient,
                       Find(sources.gradients, target.module, dense, "summed gradient"));
      auto frame = adapter::GradientFrame(gradient, spec.start_step, spec.scale, spec.rank);
      if (!frame) return Annotate(frame.error(), target.module);
      AddFrame(spec, target, *frame, state);
      return {};
    }
    case StartInput::kWeight: {
      ASSIGN_OR_RETURN(const TensorView weight,
                       Find(sources.weights, target.module, dense, "weight"));
      AddFrame(spec, target, adapter::WeightFrame(weight, spec.rank), state);
      return {};
    }
    case StartInput::kFactors:
      for (const FactorSpec& factor : MethodOf(spec).adapter_kind().chain) {
        const std::string name = FactorName(target.module, factor.name);
        const Shape shape = adapter::FactorShape(factor, target, spec.rank);
        ASSIGN_OR_RETURN(const TensorView view, Find(sources.factors, name, shape, "factor"));
        (*state)[name] = Copy(view);
      }
      return {};
    case StartInput::kNothing:
      for (const FactorSpec& factor : MethodOf(spec).adapter_kind().chain)
        (*state)[FactorName(target.module, factor.name)] = Derive(spec, target, factor);
      return {};
  }
  CheckFailed(__FILE__, __LINE__, "a start has an input");
}

Layout StateLayout(const AdapterSpec& spec) {
  const Method& method = MethodOf(spec);
  Layout layout = spec.head;
  for (const Target& target : spec.targets) {
    if (!method.fresh_factors)
      for (const FactorSpec& factor : method.adapter_kind().chain)
        layout[FactorName(target.module, factor.name)] = {
            DType::kF32, adapter::FactorShape(factor, target, spec.rank)};
    if (method.adds_increment)
      layout[FactorName(target.module, kIncrement)] = {DType::kF64, {target.out, target.in}};
  }
  return layout;
}

}  // namespace

StartInput InputOf(const AdapterSpec& spec) {
  const std::string_view start = StartOf(spec);
  if (start == "public-gradient" || start == "client-gradient") return StartInput::kGradient;
  if (start == "weight-svd") return StartInput::kWeight;
  return start == "file" ? StartInput::kFactors : StartInput::kNothing;
}

Result<TensorMap> InitialState(const AdapterSpec& spec, const TensorMap& head,
                               const StartSources& sources) {
  const Method& method = MethodOf(spec);
  RETURN_IF_ERROR(CheckCompatible(spec.head, ViewsOf(head)));
  TensorMap state = head;
  for (const Target& target : spec.targets) {
    if (!method.fresh_factors) RETURN_IF_ERROR(AddFactors(spec, target, sources, &state));
    if (method.adds_increment)
      state[FactorName(target.module, kIncrement)] = Tensor(DType::kF64, {target.out, target.in});
  }
  return state;
}

Status CheckState(const AdapterSpec& spec, const TensorMap& state) {
  TensorViewMap views;
  for (const auto& [name, tensor] : state) {
    if (!AllFinite(tensor.view())) return InvalidArgument("{}: a number that is not finite", name);
    if (!name.starts_with("server.")) views[name] = tensor.view();
  }
  return CheckCompatible(StateLayout(spec), views);
}

Tensor StateDelta(const AdapterSpec& spec, const TensorMap& state, const Target& target) {
  const Method& method = MethodOf(spec);
  adapter::Matrix delta = adapter::Matrix::Zero(target.out, target.in);
  if (!method.fresh_factors) {
    adapter::AdaptedLayer layer{target, {}, nullptr};
    for (const FactorSpec& factor : method.adapter_kind().chain)
      layer.chain.push_back({std::string(factor.name), factor.form,
                             state.at(FactorName(target.module, factor.name))});
    delta = adapter::ToMatrix(Delta(layer, spec.scale).view());
  }
  if (method.adds_increment)
    delta += adapter::ToMatrix(state.at(FactorName(target.module, kIncrement)).view());
  return adapter::ToF64(delta);
}

Tensor StartValue(const AdapterSpec& spec, const TensorMap& tensors, const Target& target,
                  const FactorSpec& factor, int64_t round) {
  if (!MethodOf(spec).fresh_factors) return tensors.at(FactorName(target.module, factor.name));
  return adapter::Draw({DistributionOf(spec, factor), spec.seed, round}, factor, target, spec.rank);
}

bool IsDerived(const AdapterSpec& spec, const FactorSpec& factor) {
  return !factor.trained && InputOf(spec) == StartInput::kNothing;
}

Tensor Derive(const AdapterSpec& spec, const Target& target, const FactorSpec& factor) {
  return adapter::Draw({DistributionOf(spec, factor), spec.seed, 0}, factor, target, spec.rank);
}

}  // namespace tributary::strategy
