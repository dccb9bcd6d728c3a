#include "tests/support/scratch.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "aggregation/base/status.h"

namespace tributary {

namespace {

// Memory where there is some, since tests sync thousands of times; TMPDIR decides otherwise.
std::string MakeDirectory() {
  std::vector<std::filesystem::path> roots = {std::filesystem::temp_directory_path()};
  if (::getenv("TMPDIR") == nullptr) roots.insert(roots.begin(), "/dev/shm");
  for (const std::filesystem::path& root : roots) {
    std::string name = (root / "tributary-test-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) return name;
  }
  return "";
}

}  // namespace

ScratchDirectory::ScratchDirectory() : path_(MakeDirectory()) {
  TRIBUTARY_CHECK(!path_.empty(), "a temporary directory can be made");
  std::filesystem::permissions(path_, std::filesystem::perms(0755));
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

SmallDisk::SmallDisk(size_t bytes) {
  const std::string options = fmt::format("size={}", bytes);
  mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()) == 0;
  if (mounted_) return;
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  old_limit_ = limit.rlim_cur;
  limit.rlim_cur = bytes;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

void SmallDisk::MakeRoom() {
  if (mounted_) {
    TRIBUTARY_CHECK(::mount("tmpfs", path().c_str(), "tmpfs", MS_REMOUNT, "size=64m") == 0,
                    "a tmpfs can grow");
    return;
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = old_limit_;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

SmallDisk::~SmallDisk() {
  if (mounted_)
    ::umount2(path().c_str(), MNT_DETACH);
  else
    MakeRoom();
}

OrdinaryUser::OrdinaryUser() : changed_(::geteuid() == 0 && ::seteuid(65534) == 0) {}
OrdinaryUser::~OrdinaryUser() {
  if (changed_) TRIBUTARY_CHECK(::seteuid(0) == 0, "the test goes back to being root");
}

}  // namespace tributary
