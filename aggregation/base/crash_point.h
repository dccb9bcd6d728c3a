#pragma once
// Named places at which a test may end the process as kill -9 would, so that recovery is proved at
// each of them. Counts calls over the whole process; any thread may call.
//   TRIBUTARY_CRASH_AT=N        the N-th call ends the process with SIGKILL
//   TRIBUTARY_CRASH_POINTS=FILE  every call appends "NUMBER NAME" to FILE
// Without either, a call costs one comparison.

#include <string_view>

namespace tributary {

void CrashPoint(std::string_view name);

}  // namespace tributary
