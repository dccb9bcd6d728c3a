#include "aggregation/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "aggregation/base/file_handle.h"

namespace tributary {

tl::unexpected<Error> SystemError(const std::filesystem::path& path, std::string_view doing) {
  return SystemError(path, doing, errno);
}

tl::unexpected<Error> SystemError(const std::filesystem::path& path, std::string_view doing,
                                  int number) {
  const auto code = [number] {
    switch (number) {
      case ENOENT:
        return Code::kNotFound;
      case EACCES:
      case EPERM:
      case EROFS:
        return Code::kPermissionDenied;
      case ENOSPC:
      case EDQUOT:
      case EFBIG:
      case ENOMEM:
      case EMFILE:
      case ENFILE:
        return Code::kResourceExhausted;
      case EISDIR:
      case ENOTDIR:
      case EEXIST:
      case ENAMETOOLONG:
      case ELOOP:
        return Code::kInvalidArgument;
      default:
        return Code::kUnavailable;
    }
  };
  return MakeError(code(), "{}: cannot {}: {}", path.string(), doing, std::strerror(number));
}

Result<std::string> ReadFile(const std::filesystem::path& path, size_t limit) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError(path, "open");
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return SystemError(path, "look at");
  if (S_ISDIR(facts.st_mode)) return SystemError(path, "read", EISDIR);
  std::string content;
  content.reserve(std::min(limit, static_cast<size_t>(facts.st_size)));
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "read");
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
    if (content.size() > limit)
      return InvalidArgument("{}: holds more than {} bytes", path.string(), limit);
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
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0)
    written = SystemError(path, "rename into place");
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return SyncDirectory(path.has_parent_path() ? path.parent_path() : ".");
}

Status MakeDirectories(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
  std::filesystem::path at;
  for (const auto& part : whole) {
    const std::filesystem::path parent = at;
    at /= part;
    if (part.empty() || std::filesystem::is_directory(at, error)) continue;
    if (::mkdir(at.c_str(), 0755) == 0) {
      RETURN_IF_ERROR(SyncDirectory(parent));
    } else if (const int number = errno;
               number != EEXIST || !std::filesystem::is_directory(at, error)) {
      return SystemError(path, "make directory", number);
    }
  }
  return {};
}

std::vector<std::filesystem::path> PathsIn(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;  // a loop over the iterator itself would throw
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    paths.push_back(entry->path());
  return paths;
}

int64_t BytesBelow(const std::filesystem::path& directory) {
  int64_t bytes = 0;
  for (const std::filesystem::path& path : PathsIn(directory)) {
    std::error_code error;
    const auto kind = std::filesystem::symlink_status(path, error).type();
    if (kind == std::filesystem::file_type::directory) bytes += BytesBelow(path);
    if (kind != std::filesystem::file_type::regular) continue;
    const auto size = std::filesystem::file_size(path, error);
    if (!error) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

Status WriteAll(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "write");
    content.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status SyncDirectory(const std::filesystem::path& directory) {
  FileHandle handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0) return SystemError(directory, "open");
  if (::fsync(handle.get()) != 0) return SystemError(directory, "sync");
  return {};
}

Result<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError(path, "open");
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return SystemError(path, "look at");
  if (S_ISDIR(facts.st_mode)) return SystemError(path, "map", EISDIR);
  if (!S_ISREG(facts.st_mode)) return InvalidArgument("{}: is no regular file", path.string());
  if (facts.st_size == 0) return MappedFile({});
  const size_t size = static_cast<size_t>(facts.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) return SystemError(path, "map");
  return MappedFile({static_cast<const std::byte*>(address), size});
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace tributary
