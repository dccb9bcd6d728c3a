#pragma once
// The adapter of a state, for PEFT files.

#include "aggregation/adapter/peft.h"
#include "aggregation/strategy/state.h"

namespace tributary::strategy {

// Exact at the state: the chain collapsed to its first product (fed-sb: B R and A), an increment as
// a pair of least rank beside it, or the whole change as (D, I) or (I, D) where that is smaller. To
// export a client's own adapter, put its local parts in the state's place first.
adapter::PeftAdapter ExportAdapter(const AdapterSpec& spec, const TensorMap& state);

}  // namespace tributary::strategy
