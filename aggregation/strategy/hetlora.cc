// Factors of unequal rank, zero-padded and averaged with weights |B_k A_k| (Frobenius), per layer;
// self-pruning is off. The norm comes from Gram matrices: tr((B^T B)(A A^T)).

#include <algorithm>
#include <cmath>

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {

using adapter::Matrix;

double ProductNorm(const AdapterSpec& spec, const LayerFactors& factors) {
  if (spec.hetlora_weighting == "rows") return 0;  // all zero: the run's weights
  const auto& [b, a] = factors;
  const Matrix gram_b = b.transpose() * b, gram_a = a * a.transpose();
  return std::sqrt(std::max(0.0, gram_b.cwiseProduct(gram_a).sum()));
}

LayerResult Average(const AdapterSpec&, const LayerFold& fold) {
  return {.b = fold.mean_b, .a = fold.mean_a, .increment = {}};
}

}  // namespace

const Method kHetLora = {
    .name = "hetlora",
    .title = "HetLoRA",
    .reference = "Cho et al., 2024, arXiv 2401.06432",
    .kind = "lora",
    .trained = "A and B at the client's rank",
    .rule = "A = sum p_k pad(A_k), B = sum p_k pad(B_k), p_k ~ |B_k A_k| (not exact)",
    .ranks = Ranks::kLeading,
    .product_rule = Average,
    .layer_weight = ProductNorm,
    .up = "r(m+n)",
    .down = "r(m+n)",
    .elements_up = FactorPair,
    .elements_down = FactorPair,
};

}  // namespace tributary::strategy
