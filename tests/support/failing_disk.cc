// Loaded into a process (LD_PRELOAD), it lets writes to a database fail with EIO as soon as the
// file that TRIBUTARY_TEST_DISK_FAILS names exists: a disk that breaks under a running program.

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <unistd.h>

namespace {

bool Fails(int fd) {
  const char* const sign = std::getenv("TRIBUTARY_TEST_DISK_FAILS");
  if (sign == nullptr || ::access(sign, F_OK) != 0) return false;
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = '\0';
  return std::strstr(path, ".db") != nullptr;
}

}  // namespace

extern "C" ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  using Real = ssize_t (*)(int, const void*, size_t, off64_t);
  static const Real real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "pwrite64"));
  if (!Fails(fd)) return real(fd, data, size, offset);
  errno = EIO;
  return -1;
}
