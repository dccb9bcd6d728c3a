#include "coordinator/fold/run_state.h"

#include "aggregation/tensor/safetensors.h"

namespace tributary::fold {
namespace {
constexpr std::string_view kHead = "head/", kClassCounts = "run/class_counts";
}

std::string Serialize(const RunState& state) {
  TensorMap tensors = state.adapter;
  for (const auto& [name, tensor] : state.head) tensors.emplace(std::string(kHead) + name, tensor);
  if (!state.class_counts.empty())
    tensors.emplace(kClassCounts, Tensor::FromF64({static_cast<int64_t>(state.class_counts.size())},
                                                  state.class_counts));
  return SerializeSafetensors(tensors);
}

Result<RunState> ParseRunState(const strategy::AdapterSpec& spec,
                               std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(TensorMap tensors, ReadSafetensors(bytes));
  RunState state;
  for (auto& [name, tensor] : tensors) {
    if (name.starts_with(kHead)) {
      state.head.emplace(name.substr(kHead.size()), std::move(tensor));
    } else if (name == kClassCounts) {
      if (tensor.dtype() != DType::kF64)
        return InvalidArgument("{}: dtype {}, expected F64", name, DTypeName(tensor.dtype()));
      state.class_counts.assign(tensor.f64().begin(), tensor.f64().end());
    } else {
      state.adapter.emplace(name, std::move(tensor));
    }
  }
  if (state.adapter.empty()) {
    RETURN_IF_ERROR(CheckCompatible(spec.head, ViewsOf(state.head)));
  } else {
    RETURN_IF_ERROR(strategy::CheckState(spec, state.adapter));
  }
  return state;
}

}  // namespace tributary::fold
