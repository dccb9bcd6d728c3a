// A stays frozen at its random start, equal for all, so the mean of B is exact.

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {
constexpr int64_t OutputFactor(const Exchange& e) { return e.rank * e.out; }
}  // namespace

const Method kFfaLora = {
    .name = "ffa-lora",
    .title = "FFA-LoRA",
    .reference = "Sun et al., 2024, arXiv 2403.12313",
    .kind = "lora-fa",
    .trained = "B, with A frozen",
    .rule = "B = sum p_k B_k (exact)",
    .up = "rm",
    .down = "rm",
    .elements_up = OutputFactor,
    .elements_down = OutputFactor,
};

}  // namespace tributary::strategy
