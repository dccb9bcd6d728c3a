#pragma once
// Stands between the program and the kernel at the calls that change files (write, pwrite, sync,
// rename, unlink, truncate; ours and SQLite's alike) and ends the process with SIGKILL at a chosen
// one: either before the call, or with half of a write's bytes written.

#include <string>

namespace tributary {

enum class KillWhere { kBeforeCall, kInsideWrite };

// The process ends at the `call`-th such call from now (1: the next). 0 disarms.
void ArmKillPoint(int call, KillWhere where);

// The next sync fails with an input/output error, as on a dying disk.
void FailNextSync();

// One letter per call since the process began: w(rite) s(ync) r(ename) u(nlink) t(runcate).
const std::string& FileCalls();

}  // namespace tributary
