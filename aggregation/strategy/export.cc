#include "aggregation/strategy/export.h"

#include "aggregation/adapter/instance.h"

namespace tributary::strategy {
namespace {

using adapter::FactorName;
using adapter::Matrix;
using adapter::Pair;
using adapter::Target;

constexpr double kTolerance = 0x1p-24;  // relative: what rounding to f32 costs anyway

// The chain as one product of rank r; of rank 0 where the state holds no factors.
Pair Chain(const AdapterSpec& spec, const TensorMap& state, const Target& target) {
  const Method& method = MethodOf(spec);
  if (method.fresh_factors) return {Matrix(target.out, 0), Matrix(0, target.in)};
  const auto& chain = method.adapter_kind().chain;
  const auto value = [&](const adapter::FactorSpec& factor) {
    return adapter::ToMatrix(state.at(FactorName(target.module, factor.name)).view());
  };
  Pair pair{value(chain.front()), value(chain.back())};
  for (size_t i = 1; i + 1 < chain.size(); ++i) pair.left = (pair.left * value(chain[i])).eval();
  return pair;
}

Pair Concatenate(const Pair& a, const Pair& b) {
  Pair both{Matrix(a.left.rows(), a.left.cols() + b.left.cols()),
            Matrix(a.right.rows() + b.right.rows(), a.right.cols())};
  both.left << a.left, b.left;
  both.right << a.right, b.right;
  return both;
}

Pair Whole(const Matrix& change) {
  if (change.rows() < change.cols())
    return {Matrix::Identity(change.rows(), change.rows()), change};
  return {change, Matrix::Identity(change.cols(), change.cols())};
}

adapter::PeftLayer ExportLayer(const AdapterSpec& spec, const TensorMap& state,
                               const Target& target) {
  const Pair chain = Chain(spec, state, target);
  if (!MethodOf(spec).adds_increment) return {target.module, spec.scale, chain};
  const Matrix increment =
      adapter::ToMatrix(state.at(FactorName(target.module, kIncrement)).view());
  const int64_t limit = target.out * target.in / (target.out + target.in);
  auto pair = adapter::Factorize(increment, kTolerance, limit - chain.left.cols());
  if (!pair)
    return {target.module, 1, Whole(adapter::ToMatrix(StateDelta(spec, state, target).view()))};
  pair->left /= spec.scale;
  return {target.module, spec.scale, Concatenate(chain, *pair)};
}

}  // namespace

adapter::PeftAdapter ExportAdapter(const AdapterSpec& spec, const TensorMap& state) {
  adapter::PeftAdapter result;
  for (const Target& target : spec.targets)
    result.layers.push_back(ExportLayer(spec, state, target));
  for (const auto& [name, entry] : spec.head) result.head[name] = state.at(name);
  return result;
}

}  // namespace tributary::strategy
