#pragma once
// The mechanisms that a run may name, and why a combination is refused. The facts about a method
// come in as plain booleans, so that this table knows no strategies.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary::privacy {

struct Mechanism {
  std::string_view name;
  std::string_view description;
  std::string_view method_must;  // what it asks of a method; empty: nothing
  bool adds_noise = false;
};

inline constexpr std::array<Mechanism, 2> kMechanisms{{
    {"none", "No privacy mechanism: NOT PRIVATE.", "", false},
    {"central",
     "Client-level differential privacy with a trusted coordinator: each update is clipped as a "
     "whole, "
     "Gaussian noise is added once to the sum, and the sum is divided by the expected cohort.",
     "average what clients send, with one trained factor", true},
}};

// The row of that name; an error lists the names.
Result<const Mechanism*> FindMechanism(std::string_view name);

// What a run wants to combine.
struct Combination {
  std::string_view method;        // named in the refusals
  std::string_view alternatives;  // methods that would be accepted, "a, b, c"
  bool aggregate_is_mean = false;
  bool one_trained_factor = false;
  bool uniform_weighting = false;
  bool over_selection = false;
  bool data_dependent_start = false;  // head or factors from statistics of clients' data
  bool relative_label_calibration = false;
  bool client_evaluation = false;  // held-out client rows, and selection or stopping by them
};

// Every reason to refuse, each naming what would be accepted; empty: go on.
std::vector<std::string> Refusals(const Mechanism& mechanism, const Combination& combination);

}  // namespace tributary::privacy
