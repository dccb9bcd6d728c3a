#include "coordinator/backup/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "aggregation/base/file.h"

namespace tributary::backup {
namespace {

constexpr size_t kPiece = size_t{1} << 20;

// An open file that closes itself.
struct File {
  File(const fs::path& path, int flags, mode_t mode = 0)
      : fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode)) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  const int fd;
};

Status WriteAll(int fd, std::span<const char> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "write");
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

// Reads `from`; copies it where `to` is not null.
Result<FileFacts> Read(const fs::path& from, const File* to, const fs::path& target) {
  const File in(from, O_RDONLY);
  if (in.fd < 0) return SystemError(from, "open");
  std::vector<char> piece(kPiece);
  FileFacts facts;
  Hasher hasher;
  for (;;) {
    const ssize_t n = ::read(in.fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(from, "read");
    if (n == 0) break;
    const std::span<const char> got(piece.data(), static_cast<size_t>(n));
    hasher.Update(std::as_bytes(got));
    facts.size += n;
    if (to != nullptr) RETURN_IF_ERROR(WriteAll(to->fd, got, target));
  }
  facts.digest = hasher.Finish();
  return facts;
}

}  // namespace

Status ForEachFile(const fs::path& root, const std::function<Status(const fs::path&)>& take) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_symlink(error))
      return MakeError(Code::kFailedPrecondition, "{}: is a symbolic link", it->path().string());
    if (it->is_regular_file(error)) found.push_back(it->path().lexically_relative(root));
  }
  if (error) return SystemError(root, "list", error.value());
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) RETURN_IF_ERROR(take(path));
  return {};
}

Result<FileFacts> CopyFile(const fs::path& from, const fs::path& to) {
  const File out(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (out.fd < 0) return SystemError(to, "create");
  ASSIGN_OR_RETURN(const FileFacts facts, Read(from, &out, to));
  if (::fsync(out.fd) != 0) return SystemError(to, "sync");
  return facts;
}

Result<FileFacts> ReadFacts(const fs::path& file) { return Read(file, nullptr, {}); }

Result<Files> CopyTree(const fs::path& from, const fs::path& to) {
  Files files;
  RETURN_IF_ERROR(MakeDirectories(to));
  fs::path last = to;  // whose names are to be made durable
  RETURN_IF_ERROR(ForEachFile(from, [&](const fs::path& path) -> Status {
    const fs::path target = to / path;
    if (target.parent_path() != last) {
      RETURN_IF_ERROR(SyncDirectory(last));
      last = target.parent_path();
      RETURN_IF_ERROR(MakeDirectories(last));
      fs::permissions(last, fs::perms::owner_all);
    }
    ASSIGN_OR_RETURN(files[path.string()], CopyFile(from / path, target));
    return {};
  }));
  RETURN_IF_ERROR(SyncDirectory(last));
  fs::permissions(to, fs::perms::owner_all);
  return files;
}

Result<Files> ReadTree(const fs::path& root) {
  Files files;
  RETURN_IF_ERROR(ForEachFile(root, [&](const fs::path& path) -> Status {
    ASSIGN_OR_RETURN(files[path.string()], ReadFacts(root / path));
    return {};
  }));
  return files;
}

}  // namespace tributary::backup
