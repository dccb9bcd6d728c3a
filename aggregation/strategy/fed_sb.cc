// A small square matrix between frozen orthonormal factors: averaging it averages the products, and
// its bytes depend on neither the layer nor the number of clients.

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {

const Method kFedSb = {
    .name = "fed-sb",
    .title = "Fed-SB",
    .reference =
        "Singhal et al., 2025, arXiv 2502.15436; start: LoRA-SB, Ponkshe et al., 2024, arXiv "
        "2411.19557",
    .kind = "sandwich",
    .trained = "R (r x r) between frozen B and A",
    .rule = "R += sum p_k pad(R_k - R) (exact)",
    .starts = kFrameStarts,
    .ranks = Ranks::kBlock,
    .up = "r^2",
    .down = "R^2, R = the run's rank",
    .elements_up = [](const Exchange& e) { return e.rank * e.rank; },
    .elements_down = [](const Exchange& e) { return e.full_rank * e.full_rank; },
};

}  // namespace tributary::strategy
