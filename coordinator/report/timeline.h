#pragma once
// Who did what in one round: a bar for every selected client.

#include <string>

#include "coordinator/report/run_view.h"
#include "coordinator/report/svg.h"

namespace tributary::report {

inline constexpr size_t kMaxTimelineRows = 150;  // clients of one round

// Those that reported come first, by their seconds, then the others by reason; a bar that ends
// without an update reaches to the moment when the round's work was closed.
std::string RenderTimeline(const Round& round, const Caption& caption);

}  // namespace tributary::report
