#include "client/trainer.h"

#include <algorithm>
#include <cmath>

namespace tributary::client {

int64_t StepCount(const TrainingOptions& options, int64_t rows) {
  const double epochs =
      static_cast<double>(rows) * options.epochs / static_cast<double>(options.batch_size);
  int64_t steps = static_cast<int64_t>(std::ceil(epochs - 1e-9));
  if (options.max_steps > 0) steps = std::min(steps, options.max_steps);
  return std::max<int64_t>(steps, 1);
}

}  // namespace tributary::client
