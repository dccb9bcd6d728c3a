#pragma once
// One owner per store: an exclusive lock on a file beside it, released when the object or the
// process ends. It also keeps out a second opener in the same process.

#include <filesystem>

#include "aggregation/base/file_handle.h"
#include "aggregation/base/status.h"

namespace tributary::store {

class FileLock {
 public:
  // `subject` is what the lock protects, for the error: FAILED_PRECONDITION if another holds it.
  static Result<FileLock> Take(const std::filesystem::path& file,
                               const std::filesystem::path& subject);

  int fd() const { return file_.get(); }  // open for reading and writing

 private:
  explicit FileLock(int fd) : file_(fd) {}
  FileHandle file_;
};

}  // namespace tributary::store
