// Alternating: rounds train B and A in turn with the other factor frozen and equal for all. Turns
// follow committed rounds, so an abandoned round is repeated with the same factor; B comes first,
// since A has no gradient while B is zero.

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {

const Method kRoLora = {
    .name = "rolora",
    .title = "RoLoRA",
    .reference = "Chen et al., 2024, arXiv 2409.02346",
    .kind = "lora",
    .trained = "B and A in turn",
    .rule = "the trained factor = sum p_k of it (exact)",
    .alternates = true,
    .up = "rm, rn in turn",
    .down = "rm, rn in turn",
    .elements_up = [](const Exchange& e) { return e.rank * (e.committed % 2 == 0 ? e.out : e.in); },
    .elements_down =
        [](const Exchange& e) { return e.rank * (e.committed % 2 == 0 ? e.in : e.out); },
};

}  // namespace tributary::strategy
