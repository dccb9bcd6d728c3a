#include "coordinator/store/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "aggregation/base/file.h"

namespace tributary::store {

Result<FileLock> FileLock::Take(const std::filesystem::path& file,
                                const std::filesystem::path& subject) {
  FileLock lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.fd() < 0) return SystemError(file, "open");
  if (::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError(file, "lock");
    return MakeError(Code::kFailedPrecondition, "{}: in use by another process (which holds {})",
                     subject.string(), file.filename().string());
  }
  return lock;
}

}  // namespace tributary::store
