#pragma once
// The L2 norm of a whole update, over all its tensors together (head included), and its bound.
// Bounding tensor by tensor would bound the whole by sqrt(tensors) times as much.

#include "aggregation/tensor/layout.h"

namespace tributary::privacy {

struct ClipReport {
  double norm = 0;       // of the update as it came; NaN or infinity where an element is
  double factor = 1;     // min(1, clip norm / norm); 0 for an update that is not finite
  bool clipped = false;  // factor < 1
  bool finite = true;    // false: the update counts as zero, and its client is to be flagged
};

// A clip norm is finite, at least 1e-30 and at most 1e30.
Status CheckClipNorm(double clip_norm);

// Measures; changes nothing. All tensors are F32, else an error naming the first that is not.
// Squares are taken and added in double, where no F32 value over- or underflows.
Result<ClipReport> MeasureClip(const TensorViewMap& update, double clip_norm);

// Scales the update in place by the factor (zeroes it if it is not finite). The result's norm is at
// most the clip norm up to rounding to F32; where the bound must be exact, see GridSum.
Result<ClipReport> Clip(TensorMap& update, double clip_norm);

}  // namespace tributary::privacy
