// Only A is shared; B and the head stay with each client, so there is no one adapter to be exact
// about.

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {
constexpr std::string_view kLocalFactors[] = {"lora_B"};
constexpr int64_t InputFactor(const Exchange& e) { return e.rank * e.in; }
}  // namespace

const Method kFedSaLora = {
    .name = "fedsa-lora",
    .title = "FedSA-LoRA",
    .reference = "Guo et al., 2024, arXiv 2410.01463",
    .kind = "lora",
    .trained = "A and B; B and the head stay local",
    .rule = "A = sum p_k A_k (personalised)",
    .local_factors = kLocalFactors,
    .local_head = true,
    .up = "rn",
    .down = "rn",
    .elements_up = InputFactor,
    .elements_down = InputFactor,
};

}  // namespace tributary::strategy
