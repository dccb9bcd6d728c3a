#pragma once
// What a run will move, before it moves: the methods' formulas for the real layers, ranks and head.

#include "coordinator/simulation/environment.h"

namespace tributary::simulation {

struct StageCost {
  TaskKind kind = TaskKind::kTrain;
  int64_t first = 0, last = 0;  // rounds of equal cost; 0 is the start
  int64_t clients = 0;          // expected
  int64_t up = 0, down = 0;     // bytes of all of them, in each round
};

// Start statistics, then training rounds, as if everybody reported and had everything of the round
// before. Clients of several ranks count by their share of the population. Evaluations are left
// out.
std::vector<StageCost> CostsOf(const Environment& environment);

}  // namespace tributary::simulation
