#include "aggregation/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace tributary {
namespace {

tl::unexpected<Error> SystemError(const std::filesystem::path& path, std::string_view doing) {
  const int number = errno;
  const Code code = number == ENOENT                        ? Code::kNotFound
                    : number == EACCES || number == EROFS || number == EPERM ? Code::kPermissionDenied
                    : number == ENOSPC || number == EDQUOT  ? Code::kResourceExhausted
                    : number == EISDIR || number == ENOTDIR ? Code::kInvalidArgument
                                                            : Code::kUnavailable;
  return MakeError(code, "{}: cannot {}: {}", path.string(), doing, std::strerror(number));
}

class FileHandle {
 public:
  explicit FileHandle(int fd) : fd_(fd) {}
  ~FileHandle() { if (fd_ >= 0) ::close(fd_); }
  FileHandle(const FileHandle&) = delete;
  int get() const { return fd_; }
  int Close() { const int r = ::close(fd_); fd_ = -1; return r; }

 private:
  int fd_;
};

Status WriteAll(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "write");
    content.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError(path, "open");
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return SystemError(path, "look at");
  if (S_ISDIR(facts.st_mode)) return InvalidArgument("{}: is a directory, expected a file", path.string());
  std::string content;
  content.reserve(static_cast<size_t>(facts.st_size));
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "read");
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
  }
}

Status WriteFile(const std::filesystem::path& path, std::string_view content) {
  static std::atomic<unsigned> sequence{0};
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.{}.tmp", ::getpid(), sequence++);
  FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) return SystemError(path, "create");
  Status written = WriteAll(file.get(), content, path);
  if (written && ::fsync(file.get()) != 0) written = SystemError(path, "sync");
  if (file.Close() != 0 && written) written = SystemError(path, "close");
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = SystemError(path, "rename into place");
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Status MakeDirectories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    const Code code = error == std::errc::permission_denied ? Code::kPermissionDenied : Code::kUnavailable;
    return MakeError(code, "{}: cannot make directory: {}", path.string(), error.message());
  }
  return {};
}

}  // namespace tributary
