#include "coordinator/backup/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "aggregation/base/file.h"
#include "aggregation/base/file_handle.h"

namespace tributary::backup {
namespace {

constexpr size_t kPiece = size_t{1} << 20;

FileHandle Open(const fs::path& path, int flags) {
  return FileHandle(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
}

// Reads `from`; copies it where `to` is not null.
Result<FileFacts> Read(const fs::path& from, const FileHandle* to, const fs::path& target) {
  const FileHandle in = Open(from, O_RDONLY);
  if (in.get() < 0) return SystemError(from, "open");
  std::vector<char> piece(kPiece);
  FileFacts facts;
  Hasher hasher;
  for (;;) {
    const ssize_t n = ::read(in.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(from, "read");
    if (n == 0) break;
    const std::string_view got(piece.data(), static_cast<size_t>(n));
    hasher.Update(std::as_bytes(std::span(got)));
    facts.size += n;
    if (to != nullptr) RETURN_IF_ERROR(WriteAll(to->get(), got, target));
  }
  facts.digest = hasher.Finish();
  return facts;
}

Status KeepToOwner(const fs::path& directory) {
  std::error_code error;
  fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return SystemError(directory, "make its owner's alone", error.value());
  return {};
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
  const FileHandle out = Open(to, O_WRONLY | O_CREAT | O_EXCL);
  if (out.get() < 0) return SystemError(to, "create");
  ASSIGN_OR_RETURN(const FileFacts facts, Read(from, &out, to));
  if (::fsync(out.get()) != 0) return SystemError(to, "sync");
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
      RETURN_IF_ERROR(KeepToOwner(last));
    }
    ASSIGN_OR_RETURN(files[path.string()], CopyFile(from / path, target));
    return {};
  }));
  RETURN_IF_ERROR(SyncDirectory(last));
  RETURN_IF_ERROR(KeepToOwner(to));
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
