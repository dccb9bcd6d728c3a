#include "privacy/crypto/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "aggregation/base/file.h"
#include "aggregation/base/file_handle.h"
#include "privacy/crypto/random.h"

namespace tributary::privacy {
namespace {

Status WritePrivately(int fd, std::string_view content, const std::filesystem::path& path) {
  if (::fchmod(fd, 0600) != 0) return SystemError(path, "set the mode of");
  RETURN_IF_ERROR(WriteAll(fd, content, path));
  if (::fsync(fd) != 0) return SystemError(path, "sync");
  return {};
}

Status CheckPrivate(int fd, const std::filesystem::path& path) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return SystemError(path, "look at");
  const auto refuse = [&](std::string_view what) {
    return MakeError(Code::kFailedPrecondition,
                     "{}: {} (mode {:04o}, owner {}); expected a regular file of user {} with mode "
                     "0600",
                     path.string(), what, facts.st_mode & 07777, facts.st_uid, ::geteuid());
  };
  if (!S_ISREG(facts.st_mode)) return refuse("is no regular file");
  if (facts.st_uid != ::geteuid()) return refuse("belongs to another user");
  if (facts.st_mode & 077) return refuse("is open to group or others");
  return {};
}

}  // namespace

Status WritePrivateFile(const std::filesystem::path& path, std::string_view content) {
  std::array<std::byte, 8> random;
  SecureRandomBytes(random);
  std::filesystem::path temporary = path;
  temporary += '.';
  for (const std::byte byte : random) temporary += fmt::format("{:02x}", byte);
  temporary += ".tmp";
  const FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return SystemError(path, "create");
  Status written = WritePrivately(file.get(), content, path);
  if (written && std::rename(temporary.c_str(), path.c_str()) != 0)
    written = SystemError(path, "rename into place");
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return SyncDirectory(path.has_parent_path() ? path.parent_path() : ".");
}

Result<Secret> ReadPrivateFile(const std::filesystem::path& path) {
  // O_NONBLOCK: a pipe that nobody writes to must not hold us up.
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return SystemError(path, "open");
  RETURN_IF_ERROR(CheckPrivate(file.get(), path));
  Secret buffer(kMaxPrivateFile + 1);
  size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t n = ::read(file.get(), buffer.bytes().data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "read");
    if (n == 0) return Secret::CopyOf(buffer.text().substr(0, size));
    size += static_cast<size_t>(n);
  }
  return InvalidArgument("{}: holds more than {} bytes", path.string(), kMaxPrivateFile);
}

}  // namespace tributary::privacy
