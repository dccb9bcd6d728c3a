#include "aggregation/strategy/run_state.h"

#include "aggregation/tensor/safetensors.h"

namespace tributary::strategy {
namespace {

constexpr std::string_view kHead = "head/", kClassCounts = "run/class_counts";

void AddClassCounts(const std::vector<double>& counts, TensorMap* tensors) {
  if (counts.empty()) return;
  tensors->emplace(kClassCounts, Tensor::FromF64({static_cast<int64_t>(counts.size())}, counts));
}

// Takes the head that stands alone and the class counts out of `tensors`; the rest stays.
Status TakeBeside(TensorMap* tensors, TensorMap* head, std::vector<double>* class_counts) {
  for (auto it = tensors->begin(); it != tensors->end();) {
    if (it->first.starts_with(kHead)) {
      head->emplace(it->first.substr(kHead.size()), std::move(it->second));
    } else if (it->first == kClassCounts) {
      if (it->second.dtype() != DType::kF64)
        return InvalidArgument("{}: dtype {}, expected F64", it->first,
                               DTypeName(it->second.dtype()));
      class_counts->assign(it->second.f64().begin(), it->second.f64().end());
    } else {
      ++it;
      continue;
    }
    it = tensors->erase(it);
  }
  return {};
}

}  // namespace

std::string Serialize(const RunState& state) {
  TensorViewMap tensors = ViewsOf(state.adapter);
  for (const auto& [name, tensor] : state.head)
    tensors.emplace(std::string(kHead) + name, tensor.view());
  TensorMap counts;
  AddClassCounts(state.class_counts, &counts);
  tensors.merge(ViewsOf(counts));
  return SerializeSafetensors(tensors);
}

Result<RunState> ParseRunState(const AdapterSpec& spec, std::span<const std::byte> bytes) {
  RunState state;
  ASSIGN_OR_RETURN(state.adapter, ReadSafetensors(bytes));
  RETURN_IF_ERROR(TakeBeside(&state.adapter, &state.head, &state.class_counts));
  if (state.adapter.empty()) {
    RETURN_IF_ERROR(CheckCompatible(spec.head, ViewsOf(state.head)));
  } else {
    RETURN_IF_ERROR(CheckState(spec, state.adapter));
  }
  return state;
}

TensorMap ClientTensors(const AdapterSpec& spec, const RunState& state, int64_t rank) {
  TensorMap tensors;
  if (state.adapter.empty()) {
    for (const auto& [name, tensor] : state.head)
      tensors.emplace(std::string(kHead) + name, tensor);
  } else {
    TensorMap published = Publish(spec, state.adapter, rank);
    for (const Fetch& fetch : TensorsToFetch(spec, published, {}))
      tensors.emplace(fetch.tensor, std::move(published.at(fetch.tensor)));
  }
  AddClassCounts(state.class_counts, &tensors);
  return tensors;
}

Result<ClientCheckpoint> OpenClientTensors(const AdapterSpec& spec, int64_t rank,
                                           TensorMap tensors) {
  ClientCheckpoint out;
  RETURN_IF_ERROR(TakeBeside(&tensors, &out.head, &out.class_counts));
  if (!out.head.empty()) {
    if (!tensors.empty())
      return InvalidArgument("{}: not expected before the start", tensors.begin()->first);
    RETURN_IF_ERROR(CheckCompatible(spec.head, ViewsOf(out.head)));
    return out;
  }
  for (const auto& [name, entry] : spec.head)
    if (const auto it = tensors.find(name); it != tensors.end()) out.head[name] = it->second;
  ASSIGN_OR_RETURN(Checkpoint opened, OpenCheckpoint(spec, rank, std::move(tensors)));
  out.checkpoint = std::make_shared<const Checkpoint>(std::move(opened));
  return out;
}

}  // namespace tributary::strategy
