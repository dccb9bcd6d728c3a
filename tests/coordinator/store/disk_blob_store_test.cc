// What the blob store on a disk owes beyond the interface: damage, crashes, full disks, rights.

#include <gtest/gtest.h>

#include "aggregation/base/file.h"
#include "coordinator/store/blob_store.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class DiskBlobStore : public testing::Test {
 protected:
  std::unique_ptr<BlobStore> Open(BlobLimits limits = {}) {
    auto opened = OpenDiskBlobStore(directory_, limits);
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_))
      if (entry.path().filename() != "lock") names.push_back(entry.path().filename());
    return names;
  }
  ScratchDirectory scratch_;
  const std::filesystem::path directory_ = scratch_.path() / "run" / "blobs";
};

TEST_F(DiskBlobStore, FindsItsBlobsAgain) {
  const Digest digest = *Open()->Put(Bytes("content"));
  const auto store = Open({.quota = 10});
  EXPECT_THAT(store->List(), ElementsAre(BlobFacts{digest, 7}));
  EXPECT_THAT(store->Put(Bytes("four")),
              Fails(Code::kResourceExhausted, "4 bytes more would exceed the quota of 10 (7"));
  EXPECT_THAT(Files(), ElementsAre(digest.Hex()));
}

TEST_F(DiskBlobStore, ASecondOpenerIsTold) {
  const auto first = Open();
  EXPECT_THAT(OpenDiskBlobStore(directory_),
              Fails(Code::kFailedPrecondition, directory_.string() + ": in use"));
}

TEST_F(DiskBlobStore, RemovesWhatACrashLeftHalfWritten) {
  const Digest digest = *Open()->Put(Bytes("content"));
  ASSERT_THAT(WriteFile(directory_ / (Sha256("other").Hex() + ".77.0.tmp"), "oth"), IsOk());
  EXPECT_THAT(Open()->List(), ElementsAre(BlobFacts{digest, 7}));
  EXPECT_THAT(Files(), ElementsAre(digest.Hex()));
}

TEST_F(DiskBlobStore, EveryFlippedByteIsDamageThatIsNamed) {
  const auto store = Open();
  const std::string content(300, 'c');
  const Digest digest = *store->Put(Bytes(content));
  for (size_t i = 0; i < content.size(); ++i) {
    std::string damaged = content;
    damaged[i] ^= 4;
    ASSERT_THAT(WriteFile(directory_ / digest.Hex(), damaged), IsOk());
    ASSERT_THAT(store->Open(digest),
                Fails(Code::kDataLoss, (directory_ / digest.Hex()).string() + ": is damaged"));
  }
}

TEST_F(DiskBlobStore, ATruncatedOrEmptiedBlobIsDamage) {
  const auto store = Open();
  const Digest digest = *store->Put(Bytes("content"));
  for (const char* left : {"conten", "", "contents"}) {
    ASSERT_THAT(WriteFile(directory_ / digest.Hex(), left), IsOk());
    EXPECT_THAT(store->Open(digest), Fails(Code::kDataLoss, digest.Hex() + ": is damaged"));
  }
}

TEST_F(DiskBlobStore, PuttingTheRightBytesRepairsADamagedBlob) {
  const auto store = Open();
  const Digest digest = *store->Put(Bytes("content"));
  ASSERT_THAT(WriteFile(directory_ / digest.Hex(), "damaged content"), IsOk());
  ASSERT_THAT(store->Put(Bytes("content")), IsOk());
  EXPECT_THAT(store->Open(digest), IsOk());
  EXPECT_EQ(store->total_bytes(), 7);
}

TEST_F(DiskBlobStore, NamesADirectoryThatMayNotBeWritten) {
  auto store = Open();
  const Digest digest = *store->Put(Bytes("content"));
  std::filesystem::permissions(directory_, std::filesystem::perms(0555));
  {
    const OrdinaryUser user;
    EXPECT_THAT(store->Put(Bytes("new")), Fails(Code::kPermissionDenied, directory_.string()));
    EXPECT_THAT(store->Delete(digest), Fails(Code::kPermissionDenied, digest.Hex()));
    store.reset();
    EXPECT_THAT(OpenDiskBlobStore(directory_), Fails(Code::kPermissionDenied, directory_.string()));
    EXPECT_THAT(OpenDiskBlobStore(directory_ / "deeper"), Fails(Code::kPermissionDenied, "deeper"));
  }
  std::filesystem::permissions(directory_, std::filesystem::perms(0755));
  EXPECT_TRUE(Open()->Contains(digest));
}

TEST_F(DiskBlobStore, NamesAFileInPlaceOfItsDirectory) {
  ASSERT_THAT(WriteFile(scratch_.path() / "run", "a file"), IsOk());
  EXPECT_THAT(OpenDiskBlobStore(directory_), Fails(Code::kInvalidArgument, directory_.string()));
}

TEST(DiskBlobStoreOnAFullDisk, SaysSoLeavesNothingBehindAndGoesOnOnceThereIsRoom) {
  SmallDisk disk(256 << 10);
  auto store = OpenDiskBlobStore(disk.path() / "blobs");
  ASSERT_THAT(store, IsOk());
  const Digest small = *(*store)->Put(Bytes("small"));
  const std::string large(300 << 10, 'x');
  EXPECT_THAT((*store)->Put(Bytes(large)), Fails(Code::kResourceExhausted, Sha256(large).Hex()))
      << disk.kind();
  EXPECT_FALSE((*store)->Contains(Sha256(large)));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(disk.path() / "blobs"), {}),
            2);  // lock and small
  EXPECT_THAT((*store)->Open(small), IsOk());
  disk.MakeRoom();
  EXPECT_THAT((*store)->Put(Bytes(large)), IsOk());
}

}  // namespace
}  // namespace tributary::store
