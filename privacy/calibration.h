#pragma once
// From a budget to a noise multiplier, and from a budget to "may another round open?".

#include "privacy/rdp_accountant.h"

namespace tributary::privacy {

// The range of multipliers that the mechanism offers. Below the lower end the integer noise would
// no longer be indistinguishable from the continuous Gaussian that sampling amplification assumes.
inline constexpr double kMinNoiseMultiplier = 1.0 / 32;
inline constexpr double kMaxNoiseMultiplier = 1e6;

struct Budget {
  double epsilon = 0;  // > 0, finite
  double delta = 0;    // > 0, < 1
};
Status CheckBudget(const Budget& budget);

// Delta against the number of privacy units: an error from 1/population on (a mechanism that
// publishes one client at random would pass), a warning text above a tenth of that, else "".
Result<std::string> CheckDelta(double delta, int64_t population);

struct Calibration {
  double noise_multiplier = 0;  // a multiple of 1e-6
  Spent spent;                  // by all rounds with that multiplier; at most the target
};

// The smallest multiplier, rounded up to a multiple of 1e-6, with which `rounds` >= 1 events of
// this kind stay within the budget; the multiplier in `event` is ignored. Where even
// kMinNoiseMultiplier stays within, that. "Budget too low" where kMaxNoiseMultiplier does not.
Result<Calibration> CalibrateNoiseMultiplier(const PrivacyEvent& event, int64_t rounds,
                                             const Budget& budget);

// Whether `count` more such events stay within the budget.
Result<bool> Affords(RdpAccountant accountant, const PrivacyEvent& event, int64_t count,
                     const Budget& budget);

}  // namespace tributary::privacy
