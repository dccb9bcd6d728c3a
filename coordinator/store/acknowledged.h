#pragma once
// A witness beside the database of how much was acknowledged. SQLite ends its write-ahead log at
// the first damaged frame and forgets what follows without a word; the witness makes that visible.
// It is written after each commit without a sync of its own: it survives kill -9, and after a power
// cut it may say less than the database holds, never more.

#include <optional>
#include <string>

#include "aggregation/base/status.h"
#include "coordinator/store/file_lock.h"

namespace tributary::store {

struct Acknowledged {
  int64_t commits = 0;
  std::string run;  // the run of the last commit and how many records it had then
  int64_t records = 0;
  bool operator==(const Acknowledged&) const = default;
};

// Nothing if the file is new or its content is not whole.
std::optional<Acknowledged> ReadAcknowledged(const FileLock& file);
// A witness that cannot be written goes on saying less than the truth, which is safe.
void WriteAcknowledged(const FileLock& file, const Acknowledged& acknowledged);

}  // namespace tributary::store
