#pragma once
// Who did what in one round: a bar for every selected client.

#include <string>

#include "coordinator/report/run_view.h"
#include "coordinator/report/svg.h"

namespace tributary::report {

inline constexpr size_t kMaxTimelineRows = 150;  // clients of one round

// By the run's own clock, which is virtual in a simulation. Those that reported come first, by when
// they did, then the others by reason; a bar without an end reaches to where the work was closed.
std::string RenderTimeline(const Round& round, const Caption& caption);

}  // namespace tributary::report
