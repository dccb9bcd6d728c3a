// The exact mean product, cut back to the run's rank by SVD: B = U S, A = V^T. Clients of a smaller
// rank take the leading part, which is their best approximation.

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {

LayerResult Truncate(const AdapterSpec& spec, const LayerFold& fold) {
  ProductSum sum = fold.error;
  sum.Add(fold.mean_b, fold.mean_a);
  const adapter::Svd svd = sum.TruncatedSvd(spec.rank);
  // Nobody has moved yet: the SVD of zero would put arbitrary unit vectors in place of the start.
  if (svd.s[0] == 0) return {.b = fold.mean_b, .a = fold.mean_a, .increment = {}};
  return {.b = svd.u * svd.s.asDiagonal(), .a = svd.v.transpose(), .increment = {}};
}

}  // namespace

const Method kFlexLora = {
    .name = "flexlora",
    .title = "FlexLoRA",
    .reference = "Bai et al., 2024, arXiv 2402.11505",
    .kind = "lora",
    .trained = "A and B at the client's rank",
    .rule = "B A = best rank-R form of sum p_k B_k A_k (exact before truncation)",
    .ranks = Ranks::kLeading,
    .product_rule = Truncate,
    .up = "r(m+n)",
    .down = "r(m+n)",
    .elements_up = FactorPair,
    .elements_down = FactorPair,
};

}  // namespace tributary::strategy
