// Plain averaging of both factors: the baseline, off by E = sum p_k (B_k - B)(A_k - A).

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {

const Method kFedIt = {
    .name = "fedit",
    .title = "FedIT",
    .reference = "Zhang et al., 2023, arXiv 2305.05644",
    .kind = "lora",
    .trained = "A and B",
    .rule = "A = sum p_k A_k, B = sum p_k B_k (not exact)",
    .up = "r(m+n)",
    .down = "r(m+n)",
    .elements_up = FactorPair,
    .elements_down = FactorPair,
};

}  // namespace tributary::strategy
