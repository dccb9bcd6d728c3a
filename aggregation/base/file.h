#pragma once
// Files as whole values. Every error names the path and what the system said.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary {

// The whole content. A missing file, a directory or an unreadable file is an error that says which;
// so is one of more than `limit` bytes.
inline constexpr size_t kMaxWholeFile = size_t{4} << 30;
Result<std::string> ReadFile(const std::filesystem::path& path, size_t limit = kMaxWholeFile);

// Writes beside the target (path.PID.N.tmp), syncs, renames over it, syncs the directory: a reader
// sees the old or the new content, never a part, and the new content is durable on OK. A full disk
// leaves the old content in place.
Status WriteFile(const std::filesystem::path& path, std::string_view content);

// Makes the directory and its parents where they are missing; durable on OK.
Status MakeDirectories(const std::filesystem::path& path);

// What is in the directory, in no order; nothing where it cannot be read. What appears or
// disappears meanwhile may be missing.
std::vector<std::filesystem::path> PathsIn(const std::filesystem::path& directory);

// Of all regular files in the directory and below it; what cannot be read, and what disappears
// meanwhile, counts nothing.
int64_t BytesBelow(const std::filesystem::path& directory);

// All of it to an open file; `path` is for the error.
Status WriteAll(int fd, std::string_view content, const std::filesystem::path& path);

// Makes names that were created, renamed or removed in the directory durable.
Status SyncDirectory(const std::filesystem::path& directory);

// A regular file's bytes, mapped read-only. Files that are only ever replaced by renaming, as
// WriteFile does, stay valid under their readers. Any thread may read.
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept : bytes_(other.bytes_) { other.bytes_ = {}; }
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }  // empty for an empty file

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

// The error that errno stands for: "PATH: cannot DOING: what the system said", with the code that
// fits (NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED, INVALID_ARGUMENT, else UNAVAILABLE).
tl::unexpected<Error> SystemError(const std::filesystem::path& path, std::string_view doing);
tl::unexpected<Error> SystemError(const std::filesystem::path& path, std::string_view doing,
                                  int number);

}  // namespace tributary
