#include "aggregation/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary {
namespace {

using std::filesystem::perms;

class File : public testing::Test {
 protected:
  size_t FilesHere() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(scratch_.path()), {}));
  }
  ScratchDirectory scratch_;
  const std::filesystem::path path_ = scratch_.path() / "file";
};

TEST_F(File, ReadsWhatWasWrittenAndReplacesIt) {
  for (const std::string& content :
       {std::string("first"), std::string(), std::string("a\0b", 3), std::string(200'000, 'x')}) {
    ASSERT_THAT(WriteFile(path_, content), IsOk());
    EXPECT_EQ(*ReadFile(path_), content);
    const auto mapped = MappedFile::Open(path_);
    ASSERT_THAT(mapped, IsOk());
    EXPECT_EQ(
        std::string(reinterpret_cast<const char*>(mapped->bytes().data()), mapped->bytes().size()),
        content);
  }
  EXPECT_EQ(FilesHere(), 1U);
}

TEST_F(File, AMapOutlivesTheFilesReplacement) {
  ASSERT_THAT(WriteFile(path_, "old content"), IsOk());
  const auto mapped = MappedFile::Open(path_);
  ASSERT_THAT(WriteFile(path_, "new"), IsOk());
  EXPECT_EQ(std::memcmp(mapped->bytes().data(), "old content", 11), 0);
}

TEST_F(File, NamesAMissingFile) {
  EXPECT_THAT(ReadFile(path_),
              Fails(Code::kNotFound, path_.string() + ": cannot open: No such file"));
  EXPECT_THAT(MappedFile::Open(path_), Fails(Code::kNotFound, path_.string()));
  EXPECT_THAT(WriteFile(scratch_.path() / "none" / "file", "x"),
              Fails(Code::kNotFound, "none/file"));
  EXPECT_THAT(SyncDirectory(path_), Fails(Code::kNotFound, path_.string()));
}

TEST_F(File, NamesADirectoryInPlaceOfAFile) {
  EXPECT_THAT(
      ReadFile(scratch_.path()),
      Fails(Code::kInvalidArgument, scratch_.path().string() + ": cannot read: Is a directory"));
  EXPECT_THAT(MappedFile::Open(scratch_.path()), Fails(Code::kInvalidArgument, "Is a directory"));
  std::filesystem::create_directory(path_);
  EXPECT_THAT(WriteFile(path_, "x"), Fails(Code::kInvalidArgument, path_.string()));
  EXPECT_EQ(FilesHere(), 1U);
}

TEST_F(File, MapsOnlyRegularFiles) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(MappedFile::Open(path_),
              Fails(Code::kInvalidArgument, path_.string() + ": is no regular file"));
}

TEST_F(File, RefusesAFileBeyondTheLimit) {
  ASSERT_THAT(WriteFile(path_, "four"), IsOk());
  EXPECT_THAT(ReadFile(path_, 4), IsOk());
  EXPECT_THAT(ReadFile(path_, 3),
              Fails(Code::kInvalidArgument, path_.string() + ": holds more than 3 bytes"));
}

TEST_F(File, NamesWhatMayNotBeReadOrWritten) {
  ASSERT_THAT(WriteFile(path_, "secret"), IsOk());
  std::filesystem::permissions(path_, perms::none);
  std::filesystem::permissions(scratch_.path(), perms(0555));
  {
    const OrdinaryUser user;
    EXPECT_THAT(ReadFile(path_), Fails(Code::kPermissionDenied, path_.string()));
    EXPECT_THAT(MappedFile::Open(path_), Fails(Code::kPermissionDenied, path_.string()));
    EXPECT_THAT(WriteFile(path_, "x"), Fails(Code::kPermissionDenied, path_.string()));
    EXPECT_THAT(MakeDirectories(scratch_.path() / "a" / "b"),
                Fails(Code::kPermissionDenied, "a/b"));
  }
  std::filesystem::permissions(scratch_.path(), perms(0755));
}

TEST_F(File, AFullDiskLeavesTheOldContent) {
  SmallDisk disk(64 << 10);
  const auto path = disk.path() / "file";
  ASSERT_THAT(WriteFile(path, "old"), IsOk());
  EXPECT_THAT(WriteFile(path, std::string(100 << 10, 'x')),
              Fails(Code::kResourceExhausted, path.string()))
      << disk.kind();
  EXPECT_EQ(*ReadFile(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(disk.path()), {}), 1);
}

TEST_F(File, MakesDirectoriesWithTheirParentsAndTwice) {
  const auto deep = scratch_.path() / "a" / "b" / ".." / "c" / "d";
  EXPECT_THAT(MakeDirectories(deep), IsOk());
  EXPECT_THAT(MakeDirectories(deep), IsOk());
  EXPECT_TRUE(std::filesystem::is_directory(scratch_.path() / "a" / "c" / "d"));
  EXPECT_THAT(MakeDirectories(deep / ""), IsOk());
}

TEST_F(File, NamesAFileInPlaceOfADirectory) {
  ASSERT_THAT(WriteFile(path_, "x"), IsOk());
  EXPECT_THAT(MakeDirectories(path_), Fails(Code::kInvalidArgument, path_.string()));
  EXPECT_THAT(MakeDirectories(path_ / "below"),
              Fails(Code::kInvalidArgument, (path_ / "below").string()));
}

}  // namespace
}  // namespace tributary
