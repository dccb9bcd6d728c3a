#pragma once
// What the training rounds of a run would move under each method, by the methods' own formulas.

#include <vector>

#include "aggregation/strategy/method.h"
#include "coordinator/report/run_view.h"

namespace tributary::report {

struct MethodBytes {
  const strategy::Method* method = nullptr;
  int64_t up = 0, down = 0;  // bytes of f32 elements over all committed rounds; saturated
};

// In the order of strategy::Methods(). Counted with this run's layers, head, cohorts and drop-outs,
// as if every client had everything of the round before; a method that needs equal ranks is counted
// at the run's rank, the others at the clients' own.
std::vector<MethodBytes> BytesOfMethods(const RunView& view, const config::Config& config,
                                        const RunFacts& facts);

}  // namespace tributary::report
