#include "coordinator/report/privacy_view.h"

#include <algorithm>
#include <cmath>

#include "coordinator/report/svg.h"

namespace tributary::report {

std::optional<privacy::PrivacyEvent> TrainingEvent(const config::Config& config, int64_t population,
                                                   double noise_multiplier) {
  if (config.privacy.mode == "none") return std::nullopt;
  const privacy::Gaussian gaussian{noise_multiplier};
  const std::optional<int64_t>& cohort = config.federation.cohort.clients;
  if (!cohort) return gaussian;
  if (config.federation.sampling == "poisson") {
    const double rate =
        static_cast<double>(*cohort) / static_cast<double>(std::max<int64_t>(population, 1));
    return privacy::PoissonSampled{std::min(rate, 1.0), gaussian};
  }
  return privacy::FixedSizeSampled{population, *cohort, gaussian};
}

std::string PrivacyStatement(const config::Config& config,
                             const std::optional<privacy::PrivacyEvent>& event,
                             const std::optional<privacy::Spent>& spent) {
  if (!event) return "NOT PRIVATE: no privacy mechanism was used.";
  const double epsilon = spent ? spent->epsilon : 0;
  const std::string figure =
      std::isfinite(epsilon)
          ? fmt::format("ε = {} at δ = {:.3g}", AsEpsilon(epsilon), config.privacy.delta)
          : "an unbounded ε";
  const std::string terms =
      fmt::format("{}, per client under the {} relation, with a trusted coordinator", figure,
                  privacy::RelationName(privacy::RelationOf(*event)));
  if (config.privacy.noise == "seeded")
    return fmt::format(
        "Simulation, not private: the noise is seeded. With secret noise the run would spend {}.",
        terms);
  return fmt::format("Differentially private: {}.", terms);
}

}  // namespace tributary::report
