#include "aggregation/strategy/checkpoint.h"

#include <algorithm>
#include <optional>

#include "aggregation/adapter/instance.h"
#include "aggregation/adapter/linear_algebra.h"

namespace tributary::strategy {
namespace {

using adapter::FactorName;
using adapter::FactorSpec;
using adapter::Matrix;
using adapter::Target;

constexpr double kTolerance = 0x1p-24;  // of a pair, relative: what rounding to f32 costs anyway
constexpr std::string_view kLeft = "increment_left", kRight = "increment_right";

int64_t PublishedRank(const AdapterSpec& spec, int64_t rank) {
  return MethodOf(spec).ranks == Ranks::kLeading ? rank : spec.rank;
}

void PublishIncrement(const Target& target, const Tensor& increment, TensorMap* checkpoint) {
  const Matrix dense = adapter::ToMatrix(increment.view());
  const auto pair =
      adapter::Factorize(dense, kTolerance, target.out * target.in / (target.out + target.in));
  if (!pair) {
    (*checkpoint)[FactorName(target.module, kIncrement)] = adapter::ToF32(dense);
  } else if (pair->left.cols() > 0) {
    (*checkpoint)[FactorName(target.module, kLeft)] = adapter::ToF32(pair->left);
    (*checkpoint)[FactorName(target.module, kRight)] = adapter::ToF32(pair->right);
  }
}

Status CheckTensor(std::string_view name, const Tensor& tensor, const Shape& shape) {
  if (tensor.dtype() != DType::kF32 || tensor.shape() != shape)
    return InvalidArgument("{}: {} {}, expected F32 {}", name, DTypeName(tensor.dtype()),
                           FormatShape(tensor.shape()), FormatShape(shape));
  if (!AllFinite(tensor.view())) return InvalidArgument("{}: a number that is not finite", name);
  return {};
}

// Moves a tensor out of `from` if it is there.
Result<std::optional<Tensor>> Take(std::string_view name, const Shape& shape, TensorMap* from) {
  const auto it = from->find(name);
  if (it == from->end()) return std::nullopt;
  RETURN_IF_ERROR(CheckTensor(name, it->second, shape));
  Tensor tensor = std::move(it->second);
  from->erase(it);
  return tensor;
}

Result<std::shared_ptr<const Tensor>> TakeIncrement(const Target& target, TensorMap* from) {
  const Shape dense = {target.out, target.in};
  ASSIGN_OR_RETURN(auto increment, Take(FactorName(target.module, kIncrement), dense, from));
  if (increment) return std::make_shared<const Tensor>(*std::move(increment));
  const std::string left_name = FactorName(target.module, kLeft);
  const auto it = from->find(left_name);
  if (it == from->end()) return nullptr;
  const int64_t rank = it->second.shape().size() == 2 ? it->second.cols() : 0;
  if (rank < 1 || rank > std::min(target.out, target.in))
    return InvalidArgument("{}: shape {}, expected [{},q]", left_name,
                           FormatShape(it->second.shape()), target.out);
  ASSIGN_OR_RETURN(const auto left, Take(left_name, {target.out, rank}, from));
  const std::string right_name = FactorName(target.module, kRight);
  ASSIGN_OR_RETURN(const auto right, Take(right_name, {rank, target.in}, from));
  if (!right) return InvalidArgument("{}: missing beside {}", right_name, kLeft);
  const Matrix product = adapter::ToMatrix(left->view()) * adapter::ToMatrix(right->view());
  return std::make_shared<const Tensor>(adapter::ToF32(product));
}

Status TakeFactors(const AdapterSpec& spec, int64_t rank, const Target& target, TensorMap* from,
                   Checkpoint* to) {
  const Method& method = MethodOf(spec);
  if (method.fresh_factors) return {};
  for (const FactorSpec& factor : method.adapter_kind().chain) {
    const std::string name = FactorName(target.module, factor.name);
    const Shape shape = adapter::FactorShape(factor, target, PublishedRank(spec, rank));
    ASSIGN_OR_RETURN(auto value, Take(name, shape, from));
    if (!value && !IsDerived(spec, factor))
      return InvalidArgument("{}: missing in the checkpoint", name);
    if (!value) value = adapter::LeadingBlock(Derive(spec, target, factor).view(), shape);
    to->tensors[name] = *std::move(value);
  }
  return {};
}

}  // namespace

TensorMap Publish(const AdapterSpec& spec, const TensorMap& state, int64_t rank) {
  const Method& method = MethodOf(spec);
  TensorMap checkpoint;
  for (const auto& [name, entry] : spec.head) checkpoint[name] = state.at(name);
  for (const Target& target : spec.targets) {
    if (method.adds_increment)
      PublishIncrement(target, state.at(FactorName(target.module, kIncrement)), &checkpoint);
    if (method.fresh_factors) continue;
    for (const FactorSpec& factor : method.adapter_kind().chain) {
      const std::string name = FactorName(target.module, factor.name);
      const Shape shape = adapter::FactorShape(factor, target, PublishedRank(spec, rank));
      checkpoint[name] = adapter::LeadingBlock(state.at(name).view(), shape);
    }
  }
  return checkpoint;
}

Digest TensorDigest(const TensorView& view) {
  Hasher hasher;
  hasher.Update(fmt::format("{} {}\n", DTypeName(view.dtype), FormatShape(view.shape)))
      .Update(view.bytes);
  return hasher.Finish();
}

std::vector<Fetch> TensorsToFetch(const AdapterSpec& spec, const TensorMap& checkpoint,
                                  const std::set<Digest>& cached) {
  std::set<std::string> derived;
  for (const FactorSpec& factor : MethodOf(spec).adapter_kind().chain)
    if (IsDerived(spec, factor))
      for (const Target& target : spec.targets)
        derived.insert(FactorName(target.module, factor.name));
  std::vector<Fetch> fetches;
  for (const auto& [name, tensor] : checkpoint) {
    if (derived.contains(name)) continue;
    const Digest digest = TensorDigest(tensor.view());
    const auto bytes = static_cast<int64_t>(tensor.bytes().size());
    if (!cached.contains(digest)) fetches.push_back({name, digest, bytes});
  }
  return fetches;
}

Result<Checkpoint> OpenCheckpoint(const AdapterSpec& spec, int64_t rank, TensorMap tensors) {
  Checkpoint checkpoint;
  for (const auto& [name, entry] : spec.head) {
    ASSIGN_OR_RETURN(auto value, Take(name, entry.shape, &tensors));
    if (!value) return InvalidArgument("{}: missing in the checkpoint", name);
    checkpoint.tensors[name] = *std::move(value);
  }
  for (const Target& target : spec.targets) {
    RETURN_IF_ERROR(TakeFactors(spec, rank, target, &tensors, &checkpoint));
    ASSIGN_OR_RETURN(auto increment, TakeIncrement(target, &tensors));
    if (increment != nullptr) checkpoint.increments[target.module] = std::move(increment);
  }
  if (!tensors.empty())
    return InvalidArgument("{}: not expected in the checkpoint", tensors.begin()->first);
  return checkpoint;
}

}  // namespace tributary::strategy
