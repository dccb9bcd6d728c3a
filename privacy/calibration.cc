#include "privacy/calibration.h"

#include <cmath>

namespace tributary::privacy {
namespace {

constexpr double kLogPrecision = 1e-10;
constexpr double kRounding = 1e6;  // multipliers are multiples of 1/kRounding

Result<Spent> SpentWith(const PrivacyEvent& event, double noise_multiplier, int64_t rounds,
                        double delta) {
  const PrivacyEvent noised = WithNoiseMultiplier(event, noise_multiplier);
  RdpAccountant accountant(RelationOf(noised));
  RETURN_IF_ERROR(accountant.Compose(noised, rounds));
  return accountant.Epsilon(delta);
}

// Brackets the answer: `low` overspends unless it is the minimum, `high` does not.
struct Bracket {
  double low, high;
};

}  // namespace

Status CheckBudget(const Budget& budget) {
  if (!(budget.epsilon > 0 && std::isfinite(budget.epsilon)))
    return InvalidArgument("epsilon is {}, expected a finite number above 0", budget.epsilon);
  if (!(budget.delta > 0 && budget.delta < 1))
    return InvalidArgument("delta is {}, expected above 0 and below 1", budget.delta);
  return {};
}

Result<std::string> CheckDelta(double delta, int64_t population) {
  RETURN_IF_ERROR(CheckBudget({.epsilon = 1, .delta = delta}));
  if (population < 1) return InvalidArgument("population is {}, expected at least 1", population);
  const double limit = 1.0 / static_cast<double>(population);
  if (delta >= limit)
    return InvalidArgument("delta is {}, expected below 1/{} = {} for {} clients", delta,
                           population, limit, population);
  if (delta <= limit / 10) return std::string();
  return fmt::format("delta is {}, above a tenth of 1/{}: {} or less is advised", delta, population,
                     limit / 10);
}

Result<Calibration> CalibrateNoiseMultiplier(const PrivacyEvent& event, int64_t rounds,
                                             const Budget& budget) {
  RETURN_IF_ERROR(CheckBudget(budget));
  if (rounds < 1) return InvalidArgument("calibration for {} rounds, expected at least 1", rounds);
  const auto within = [&](double multiplier) -> Result<bool> {
    ASSIGN_OR_RETURN(const Spent spent, SpentWith(event, multiplier, rounds, budget.delta));
    return spent.epsilon <= budget.epsilon;
  };

  Bracket bracket{kMinNoiseMultiplier, kMinNoiseMultiplier};
  for (;;) {
    ASSIGN_OR_RETURN(const bool enough, within(bracket.high));
    if (enough) break;
    if (bracket.high == kMaxNoiseMultiplier)
      return MakeError(Code::kOutOfRange,
                       "budget too low: epsilon {} at delta {} over {} rounds needs a noise "
                       "multiplier above {:.0f}",
                       budget.epsilon, budget.delta, rounds, kMaxNoiseMultiplier);
    bracket = {bracket.high, std::min(2 * bracket.high, kMaxNoiseMultiplier)};
  }
  while (std::log(bracket.high / bracket.low) > kLogPrecision) {
    const double middle = std::sqrt(bracket.low * bracket.high);
    ASSIGN_OR_RETURN(const bool enough, within(middle));
    (enough ? bracket.high : bracket.low) = middle;
  }
  // One step is enough, save where rounding errors of the curve outweigh the step's effect.
  for (double steps = std::ceil(bracket.high * kRounding);; ++steps) {
    ASSIGN_OR_RETURN(const Spent spent, SpentWith(event, steps / kRounding, rounds, budget.delta));
    if (spent.epsilon <= budget.epsilon) return Calibration{steps / kRounding, spent};
  }
}

Result<bool> Affords(RdpAccountant accountant, const PrivacyEvent& event, int64_t count,
                     const Budget& budget) {
  RETURN_IF_ERROR(CheckBudget(budget));
  RETURN_IF_ERROR(accountant.Compose(event, count));
  ASSIGN_OR_RETURN(const Spent spent, accountant.Epsilon(budget.delta));
  return spent.epsilon <= budget.epsilon;
}

}  // namespace tributary::privacy
