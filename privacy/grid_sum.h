#pragma once
// Client-level central differential privacy for one round: a noised sum of clipped updates, kept in
// integers so that its sensitivity is exact.
//
// An update is clipped to the clip norm C, divided by the grid's step C/2^20 and truncated toward
// zero, and its integer norm is then checked to be at most 2^20 (else it is shrunk until it is). So
// the sum of integers moves by at most 2^20 when a client joins or leaves, and by 2^21 when one is
// replaced, with no rounding to argue about (Casacuberta et al., "Widespread underestimation of
// sensitivity", CCS 2022, says what floating sums cost). Noise is discrete Gaussian of the integer
// scale ceil(noise multiplier times that sensitivity).
//
// The noise is drawn before the first update arrives and the sum starts from it: an un-noised sum
// never exists, noise is there once however many clients report (none included), and the time that
// drawing takes cannot depend on data. Memory is 8 bytes per element, wiped at the end.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "privacy/clip.h"
#include "privacy/noise_source.h"
#include "privacy/privacy_event.h"

namespace tributary::privacy {

inline constexpr int kGridBits = 20;

struct CentralNoise {
  double clip_norm = 0;
  double noise_multiplier = 0;  // from kMinNoiseMultiplier to kMaxNoiseMultiplier
  NeighborRelation relation = NeighborRelation::kZeroOut;
  double divisor = 0;  // the expected cohort: a public constant, never the number that reported
};
Status CheckCentralNoise(const CentralNoise& noise);

// Grid steps per unit of a finite F32 update: factor * 2^20 / clip_norm, or as much less as makes
// the truncated update's integer norm at most 2^20. That bound does not lean on the factor, which
// rests on a norm that was added up in floating point; it may be too large by up to 2^10.
double GridStepsPerUnit(const TensorViewMap& update, double factor, double clip_norm);

// One thread at a time.
class GridSum {
 public:
  // `layout`: all tensors F32, at most 2^31 elements. `call` names this release, for example
  // "round-3", and must not be used twice with one source.
  static Result<GridSum> Create(const Layout& layout, const CentralNoise& noise,
                                NoiseSource& source, std::string_view call);
  GridSum(GridSum&&) noexcept = default;
  GridSum& operator=(GridSum&&) = delete;  // the old sums would be freed unwiped
  ~GridSum();

  // Adds one client's update (deltas from the round's checkpoint). An update of another layout is
  // an error and adds nothing; one that is not finite adds zero and says so in the report.
  Result<ClipReport> Add(const TensorViewMap& update);

  // (sum + noise) * step / divisor, F64. Ends the object's life.
  TensorMap Finish() &&;

 private:
  GridSum(Layout layout, const CentralNoise& noise) : layout_(std::move(layout)), noise_(noise) {}

  Layout layout_;
  CentralNoise noise_;
  int64_t updates_ = 0;
  std::map<std::string, std::vector<int64_t>, std::less<>> sums_;  // noise included, in grid steps
};

}  // namespace tributary::privacy
