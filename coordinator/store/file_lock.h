#pragma once
// One owner per store: an exclusive lock on a file beside it, released when the object or the
// process ends. It also keeps out a second opener in the same process.

#include <filesystem>

#include "aggregation/base/status.h"

namespace tributary::store {

class FileLock {
 public:
  // `subject` is what the lock protects, for the error: FAILED_PRECONDITION if another holds it.
  static Result<FileLock> Take(const std::filesystem::path& file,
                               const std::filesystem::path& subject);
  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

  int fd() const { return fd_; }  // open for reading and writing

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace tributary::store
