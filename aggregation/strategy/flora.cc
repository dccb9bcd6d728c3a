// Stacking: every round trains fresh factors, whose exact mean product joins the increment. The
// clients' blocks are multiplied out and never sent to anybody.

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {

LayerResult Stack(const AdapterSpec& spec, const LayerFold& fold) {
  ProductSum sum = fold.error;
  sum.Add(fold.mean_b, fold.mean_a);
  return {.b = {}, .a = {}, .increment = spec.scale * sum.Dense()};
}

}  // namespace

const Method kFlora = {
    .name = "flora",
    .title = "FLoRA",
    .reference = "Wang et al., 2024, arXiv 2409.05976",
    .kind = "lora",
    .trained = "A and B, fresh in each round",
    .rule = "increment += s sum p_k B_k A_k (exact)",
    .starts = kSeededStarts,
    .ranks = Ranks::kLeading,
    .fresh_factors = true,
    .adds_increment = true,
    .product_rule = Stack,
    .up = "r(m+n)",
    .down = "min(q(m+n), mn), q = all ranks stacked so far",
    .elements_up = FactorPair,
    .elements_down = Increment,
};

}  // namespace tributary::strategy
