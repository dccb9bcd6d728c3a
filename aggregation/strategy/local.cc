// No sharing at all: what each client gets from its own rows, the line that a federation must beat.

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {
constexpr std::string_view kLocalFactors[] = {"lora_B", "lora_A"};
constexpr int64_t Nothing(const Exchange&) { return 0; }
}  // namespace

const Method kLocal = {
    .name = "local",
    .title = "Local only",
    .reference = "the baseline without a federation",
    .kind = "lora",
    .trained = "A and B; everything stays local",
    .rule = "none (personalised)",
    .local_factors = kLocalFactors,
    .local_head = true,
    .up = "0",
    .down = "0",
    .elements_up = Nothing,
    .elements_down = Nothing,
};

}  // namespace tributary::strategy
