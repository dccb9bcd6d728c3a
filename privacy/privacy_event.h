#pragma once
// What a mechanism did, as plain data: a sampling around a Gaussian. The mechanism does not know
// how clients were chosen, the sampler does not know the noise, the accountant knows both.
//
// A noise multiplier is the ratio of the noise's standard deviation to the L2 sensitivity of the
// released sum *under the neighbour relation in force*; SensitivityFactor says what that is for a
// sum of vectors clipped to C.

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "aggregation/base/status.h"

namespace tributary::privacy {

// Which two runs a statement cannot tell apart. Part of every privacy statement.
enum class NeighborRelation {
  kAddRemove,   // one client joins or leaves
  kZeroOut,     // one client's contribution becomes zero; the list of members is public
  kReplaceOne,  // one client's contribution becomes any other
};
std::string_view RelationName(NeighborRelation relation);  // "add-remove", ...

// Sensitivity of a sum of vectors of norm at most C, in units of C: 2 for replace-one, else 1.
constexpr int SensitivityFactor(NeighborRelation relation) {
  return relation == NeighborRelation::kReplaceOne ? 2 : 1;
}

// Everybody takes part.
struct Gaussian {
  double noise_multiplier = 0;
  auto operator<=>(const Gaussian&) const = default;
};
// Each client takes part by an independent, secret coin of the same known rate.
struct PoissonSampled {
  double rate = 0;
  Gaussian mechanism;
  auto operator<=>(const PoissonSampled&) const = default;
};
// A uniformly random cohort of exactly this size, without replacement.
struct FixedSizeSampled {
  int64_t population = 0;
  int64_t cohort = 0;
  Gaussian mechanism;
  auto operator<=>(const FixedSizeSampled&) const = default;
};
using PrivacyEvent = std::variant<Gaussian, PoissonSampled, FixedSizeSampled>;

std::string Describe(const PrivacyEvent& event);  // "Poisson-sampled Gaussian (rate 0.1, ...)"
const Gaussian& MechanismOf(const PrivacyEvent& event);
PrivacyEvent WithNoiseMultiplier(PrivacyEvent event, double noise_multiplier);

// The relation under which this kind of event is stated by default: add-remove for Poisson
// sampling, replace-one for fixed-size sampling, zero-out for full participation.
NeighborRelation RelationOf(const PrivacyEvent& event);

// Parameters in range: multiplier finite and >= 0 (0 is infinite loss, which accountants report),
// rate in [0, 1], 0 <= cohort <= population, population >= 1.
Status CheckEvent(const PrivacyEvent& event);

// Several Gaussian queries on the same cohort are one query with this multiplier,
// (sum of multiplier^-2)^(-1/2), *before* sampling is applied; counting them as rounds of their own
// understates the loss. At least one, each finite and >= 0.
Result<double> SameCohortNoiseMultiplier(std::span<const double> noise_multipliers);

}  // namespace tributary::privacy
