#pragma once
// A configuration as text: the effective run.toml, the plan digest, and the reference manual.

#include <array>
#include <filesystem>
#include <string>

#include "coordinator/config/config.h"

namespace tributary::config {

// Every key with its value, in the order of the documentation; reading it gives the same Config.
std::string RenderToml(const Config& config);

// The paths of the environment, which mean another file wherever the configuration is moved to.
std::array<std::filesystem::path*, 5> PathsOf(Config& config);

// The keys of the plan alone: what travels to a coordinator and to clients.
std::string RenderPlan(const Config& config);

// SHA-256 over RenderPlan: equal for simulation and deployment. Taken after the model's
// digest and the labels are filled in.
Digest PlanDigest(const Config& config);

// docs/configuration.md.
std::string RenderManual();

// A string as TOML writes it.
std::string Quote(std::string_view text);

}  // namespace tributary::config
