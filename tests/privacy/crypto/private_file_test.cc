#include "privacy/crypto/private_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "aggregation/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::privacy {
namespace {

namespace fs = std::filesystem;

class PrivateFile : public testing::Test {
 protected:
  mode_t Mode() const {
    struct stat facts {};
    EXPECT_EQ(::stat(path_.c_str(), &facts), 0);
    return facts.st_mode & 07777;
  }
  ScratchDirectory scratch_;
  const fs::path path_ = scratch_.path() / "key.pem";
};

TEST_F(PrivateFile, IsReadAsItWasWrittenAndByItsOwnerOnly) {
  for (const mode_t mask : {0000, 0022, 0077, 0777}) {
    const mode_t before = ::umask(mask);
    const Status written = WritePrivateFile(path_, "content");
    ::umask(before);
    ASSERT_THAT(written, IsOk());
    EXPECT_EQ(Mode(), 0600U);
    const auto read = ReadPrivateFile(path_);
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(read->text(), "content");
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch_.path()), {}), 1);
}

TEST_F(PrivateFile, ReplacesAnOpenFileByAPrivateOne) {
  ASSERT_THAT(WriteFile(path_, "old"), IsOk());
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  ASSERT_THAT(WritePrivateFile(path_, "new"), IsOk());
  EXPECT_EQ(Mode(), 0600U);
  EXPECT_EQ(*ReadFile(path_), "new");
}

TEST_F(PrivateFile, IsRefusedIfOthersMayOpenIt) {
  ASSERT_THAT(WritePrivateFile(path_, "content"), IsOk());
  for (const mode_t mode : {0640, 0604, 0610, 0620, 0601, 0666}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(
        ReadPrivateFile(path_),
        Fails(Code::kFailedPrecondition,
              fmt::format("{}: is open to group or others (mode {:04o}", path_.string(), mode)));
  }
  for (const mode_t mode : {0600, 0400, 0700}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(ReadPrivateFile(path_), IsOk());
  }
}

TEST_F(PrivateFile, IsRefusedIfItBelongsToAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_THAT(WritePrivateFile(path_, "content"), IsOk());
  ASSERT_EQ(::chown(path_.c_str(), 12345, 12345), 0);
  EXPECT_THAT(ReadPrivateFile(path_),
              Fails(Code::kFailedPrecondition, "belongs to another user (mode 0600, owner 12345)"));
}

TEST_F(PrivateFile, IsRefusedIfItIsNoRegularFile) {
  EXPECT_THAT(ReadPrivateFile(scratch_.path()),
              Fails(Code::kFailedPrecondition, "is no regular file"));
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(ReadPrivateFile(path_), Fails(Code::kFailedPrecondition, "is no regular file"));
}

TEST_F(PrivateFile, BehindALinkIsWhatTheLinkLeadsTo) {
  const fs::path link = scratch_.path() / "link";
  fs::create_symlink(path_, link);
  EXPECT_THAT(ReadPrivateFile(link), Fails(Code::kNotFound, link.string()));
  ASSERT_THAT(WritePrivateFile(path_, "content"), IsOk());
  EXPECT_THAT(ReadPrivateFile(link), IsOk());
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  EXPECT_THAT(ReadPrivateFile(link), Fails(Code::kFailedPrecondition, "mode 0644"));
}

TEST_F(PrivateFile, HasALimit) {
  ASSERT_THAT(WritePrivateFile(path_, std::string(kMaxPrivateFile, 'x')), IsOk());
  EXPECT_THAT(ReadPrivateFile(path_), IsOk());
  ASSERT_THAT(WritePrivateFile(path_, std::string(kMaxPrivateFile + 1, 'x')), IsOk());
  EXPECT_THAT(ReadPrivateFile(path_), Fails(Code::kInvalidArgument, "more than 16384 bytes"));
}

TEST_F(PrivateFile, LeavesTheOldOneOnAFullDisk) {
  SmallDisk disk(64 << 10);
  const fs::path path = disk.path() / "key.pem";
  ASSERT_THAT(WritePrivateFile(path, "old"), IsOk());
  EXPECT_THAT(WritePrivateFile(path, std::string(100 << 10, 'x')),
              Fails(Code::kResourceExhausted, path.string()))
      << disk.kind();
  EXPECT_EQ(ReadPrivateFile(path)->text(), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(disk.path()), {}), 1);
  EXPECT_THAT(WritePrivateFile(scratch_.path() / "none" / "key", "x"),
              Fails(Code::kNotFound, "none/key"));
}

}  // namespace
}  // namespace tributary::privacy
