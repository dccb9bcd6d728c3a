// Plain averaging, with what it misses added to the increment.

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {

LayerResult AddResidual(const AdapterSpec& spec, const LayerFold& fold) {
  return {.b = fold.mean_b, .a = fold.mean_a, .increment = spec.scale * fold.error.Dense()};
}

}  // namespace

const Method kFedExLora = {
    .name = "fedex-lora",
    .title = "FedEx-LoRA",
    .reference = "Singhal et al., 2024, arXiv 2410.09432",
    .kind = "lora",
    .trained = "A and B",
    .rule = "means, and increment += s E (exact)",
    .adds_increment = true,
    .product_rule = AddResidual,
    .up = "r(m+n)",
    .down = "r(m+n) + min(q(m+n), mn), q = rank of the residuals so far",
    .elements_up = FactorPair,
    .elements_down = [](const Exchange& e) { return FactorPair(e) + Increment(e); },
};

}  // namespace tributary::strategy
