#include "privacy/privacy_event.h"

#include <cmath>

namespace tributary::privacy {
namespace {

Status CheckMultiplier(double multiplier) {
  if (!std::isfinite(multiplier) || multiplier < 0)
    return InvalidArgument("noise multiplier is {}, expected a finite number of at least 0",
                           multiplier);
  return {};
}

std::string DescribeOne(const Gaussian& e) {
  return fmt::format("Gaussian (noise multiplier {})", e.noise_multiplier);
}
std::string DescribeOne(const PoissonSampled& e) {
  return fmt::format("Poisson-sampled Gaussian (rate {}, noise multiplier {})", e.rate,
                     e.mechanism.noise_multiplier);
}
std::string DescribeOne(const FixedSizeSampled& e) {
  return fmt::format("Gaussian on {} of {} clients (noise multiplier {})", e.cohort, e.population,
                     e.mechanism.noise_multiplier);
}

Status CheckSampling(const Gaussian&) { return {}; }
Status CheckSampling(const PoissonSampled& e) {
  if (!(e.rate >= 0 && e.rate <= 1))
    return InvalidArgument("sampling rate is {}, expected 0 to 1", e.rate);
  return {};
}
Status CheckSampling(const FixedSizeSampled& e) {
  if (e.population < 1 || e.cohort < 0 || e.cohort > e.population)
    return InvalidArgument(
        "cohort of {} out of a population of {}, expected 0 to the population, which is at least 1",
        e.cohort, e.population);
  return {};
}

Gaussian& MutableMechanism(PrivacyEvent& event) {
  if (auto* e = std::get_if<PoissonSampled>(&event)) return e->mechanism;
  if (auto* e = std::get_if<FixedSizeSampled>(&event)) return e->mechanism;
  return std::get<Gaussian>(event);
}

}  // namespace

std::string_view RelationName(NeighborRelation relation) {
  switch (relation) {
    case NeighborRelation::kAddRemove:
      return "add-remove";
    case NeighborRelation::kZeroOut:
      return "zero-out";
    case NeighborRelation::kReplaceOne:
      return "replace-one";
  }
  return "unknown";
}

std::string Describe(const PrivacyEvent& event) {
  return std::visit([](const auto& e) { return DescribeOne(e); }, event);
}

const Gaussian& MechanismOf(const PrivacyEvent& event) {
  return MutableMechanism(const_cast<PrivacyEvent&>(event));
}

PrivacyEvent WithNoiseMultiplier(PrivacyEvent event, double noise_multiplier) {
  MutableMechanism(event).noise_multiplier = noise_multiplier;
  return event;
}

NeighborRelation RelationOf(const PrivacyEvent& event) {
  if (std::holds_alternative<PoissonSampled>(event)) return NeighborRelation::kAddRemove;
  if (std::holds_alternative<FixedSizeSampled>(event)) return NeighborRelation::kReplaceOne;
  return NeighborRelation::kZeroOut;
}

Status CheckEvent(const PrivacyEvent& event) {
  RETURN_IF_ERROR(CheckMultiplier(MechanismOf(event).noise_multiplier));
  return std::visit([](const auto& e) { return CheckSampling(e); }, event);
}

Result<double> SameCohortNoiseMultiplier(std::span<const double> noise_multipliers) {
  if (noise_multipliers.empty())
    return InvalidArgument("no noise multipliers to fold, expected at least one");
  // Scaled by the smallest, so that neither tiny nor huge multipliers overflow when squared.
  double smallest = noise_multipliers[0];
  for (double z : noise_multipliers) {
    RETURN_IF_ERROR(CheckMultiplier(z));
    smallest = std::min(smallest, z);
  }
  if (smallest == 0) return 0.0;
  double sum = 0;
  for (double z : noise_multipliers) sum += (smallest / z) * (smallest / z);
  return smallest / std::sqrt(sum);
}

}  // namespace tributary::privacy
