#include "aggregation/strategy/head_start.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "aggregation/base/random.h"

namespace tributary::strategy {

TensorMap RandomHead(const Layout& layout, uint64_t seed) {
  TensorMap head;
  for (const auto& [name, entry] : layout) {
    Tensor& tensor = head[name] = Tensor(DType::kF32, entry.shape);
    if (!name.ends_with(".bias")) Random(seed, "head", {name}).FillNormal(tensor.f32(), 0.02F);
  }
  return head;
}

Status SolveRidgeHead(const TensorView& gram, const TensorView& target, const RidgeOptions& options,
                      TensorMap* head) {
  const auto weight = head->find(options.output + ".weight"),
             bias = head->find(options.output + ".bias");
  if (weight == head->end() || bias == head->end())
    return InvalidArgument("{}: the head has no such linear layer", options.output);
  const int64_t labels = weight->second.rows(), d = weight->second.cols();
  if (target.dtype != DType::kF64 || target.shape != Shape{d + 1, labels} ||
      gram.dtype != DType::kF64 || gram.size() != (d + 1) * (d + 2) / 2)
    return InvalidArgument(
        "feature moments {} and {} do not fit a head of {} features and {} labels",
        FormatShape(gram.shape), FormatShape(target.shape), d, labels);
  if (!AllFinite(gram) || !AllFinite(target))
    return MakeError(Code::kOutOfRange, "feature moments are not finite");
  Eigen::MatrixXd g(d + 1, d + 1);
  for (int64_t i = 0, at = 0; i <= d; ++i)
    for (int64_t j = 0; j <= i; ++j)
      g(i, j) = g(j, i) = gram.as<double>()[static_cast<size_t>(at++)];
  if (g(d, d) < 1) return MakeError(Code::kFailedPrecondition, "feature moments hold no rows");
  const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> t(
      target.as<double>().data(), d + 1, labels);
  const double ridge = options.ridge * g.diagonal().head(d).mean();
  g.diagonal().array() += ridge + 1e-9 * g.diagonal().mean();
  const Eigen::MatrixXd solution = options.scale * g.llt().solve(t);  // (d+1) x labels
  if (!solution.allFinite()) return MakeError(Code::kOutOfRange, "the ridge head is not finite");
  for (int64_t c = 0; c < labels; ++c) {
    for (int64_t i = 0; i < d; ++i)
      weight->second.f32()[static_cast<size_t>(c * d + i)] = static_cast<float>(solution(i, c));
    bias->second.f32()[static_cast<size_t>(c)] = static_cast<float>(solution(d, c));
  }
  return {};
}

}  // namespace tributary::strategy
