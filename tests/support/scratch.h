#pragma once
// Places for tests to write to: a directory that is gone afterwards, a disk that is nearly full,
// and the eyes of an ordinary user when the tests run as root (who may write anywhere).

#include <filesystem>
#include <string>

namespace tributary {

class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A directory where no file can grow much beyond `bytes`: a file system in memory of that size
// where this process may mount one (root), else a limit on the size of files that the process
// writes.
class SmallDisk {
 public:
  explicit SmallDisk(size_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  const std::filesystem::path& path() const { return directory_.path(); }
  // Ends the limit, as if somebody had made room.
  void MakeRoom();
  std::string kind() const { return mounted_ ? "tmpfs" : "limit on file sizes"; }

 private:
  ScratchDirectory directory_;
  bool mounted_ = false;
  unsigned long old_limit_ = 0;
};

class OrdinaryUser {
 public:
  OrdinaryUser();
  ~OrdinaryUser();
  OrdinaryUser(const OrdinaryUser&) = delete;

 private:
  bool changed_ = false;
};

}  // namespace tributary
