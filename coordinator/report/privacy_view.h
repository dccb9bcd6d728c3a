#pragma once
// A run's privacy in the accountant's terms and in words.

#include <optional>
#include <string>

#include "coordinator/config/config.h"
#include "privacy/privacy_event.h"
#include "privacy/rdp_accountant.h"

namespace tributary::report {

// What one round of training costs; none in a run without a mechanism. Poisson sampling is stated
// under add-remove, a cohort of fixed size under replace-one, all clients under zero-out.
std::optional<privacy::PrivacyEvent> TrainingEvent(const config::Config& config, int64_t population,
                                                   double noise_multiplier);

// One sentence for every artefact: what is promised, to whom, under which relation; or that nothing
// is.
std::string PrivacyStatement(const config::Config& config,
                             const std::optional<privacy::PrivacyEvent>& event,
                             const std::optional<privacy::Spent>& spent);

}  // namespace tributary::report
