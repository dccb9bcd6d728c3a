#include "tests/coordinator/store/kill_point.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tributary {
namespace {

int calls_left = 0;
bool fail_sync = false;
KillWhere kill_where = KillWhere::kBeforeCall;

std::string& Calls() {
  static std::string calls;
  return calls;
}

// True if the process must end at this call, which the caller then does in its own way.
bool Reached(char call) {
  Calls() += call;
  return calls_left > 0 && --calls_left == 0;
}

[[noreturn]] void End() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

void MaybeEnd(char call) {
  if (Reached(call)) End();
}

// For a write of `size` bytes: how many to write before the process ends, or -1 if it lives.
long BytesBeforeEnd(size_t size) {
  if (!Reached('w')) return -1;
  if (kill_where == KillWhere::kBeforeCall) End();
  return static_cast<long>(size / 2);
}

int Sync(long call, int fd) {
  MaybeEnd('s');
  if (!fail_sync) return static_cast<int>(::syscall(call, fd));
  fail_sync = false;
  errno = EIO;
  return -1;
}

}  // namespace

void ArmKillPoint(int call, KillWhere where) {
  calls_left = call;
  kill_where = where;
}
void FailNextSync() { fail_sync = true; }
const std::string& FileCalls() { return Calls(); }

}  // namespace tributary

// These take the place of the C library's functions in this program and the libraries it loads.
extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  const long part = tributary::BytesBeforeEnd(size);
  if (part < 0) return ::syscall(SYS_write, fd, data, size);
  ::syscall(SYS_write, fd, data, part);
  tributary::End();
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t at) {
  const long part = tributary::BytesBeforeEnd(size);
  if (part < 0) return ::syscall(SYS_pwrite64, fd, data, size, at);
  ::syscall(SYS_pwrite64, fd, data, part, at);
  tributary::End();
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  return pwrite64(fd, data, size, at);
}
int fsync(int fd) { return tributary::Sync(SYS_fsync, fd); }
int fdatasync(int fd) { return tributary::Sync(SYS_fdatasync, fd); }
int rename(const char* from, const char* to) noexcept {
  tributary::MaybeEnd('r');
  return static_cast<int>(::syscall(SYS_rename, from, to));
}
int unlink(const char* path) noexcept {
  tributary::MaybeEnd('u');
  return static_cast<int>(::syscall(SYS_unlink, path));
}
int ftruncate64(int fd, off_t size) noexcept {
  tributary::MaybeEnd('t');
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}
int ftruncate(int fd, off_t size) noexcept { return ftruncate64(fd, size); }

}  // extern "C"
