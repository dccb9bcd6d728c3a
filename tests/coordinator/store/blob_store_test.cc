// Every BlobStore keeps the promises of blob_store.h.

#include "coordinator/store/blob_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "aggregation/base/random.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string Text(const Blob& blob) {
  return {reinterpret_cast<const char*>(blob.bytes().data()), blob.bytes().size()};
}

struct BlobKind {
  const char* name;
  Result<std::unique_ptr<BlobStore>> (*open)(const std::filesystem::path&, BlobLimits);
};
constexpr BlobKind kKinds[] = {
    {"disk", [](const std::filesystem::path& directory,
                BlobLimits limits) { return OpenDiskBlobStore(directory, limits); }},
    {"memory",
     [](const std::filesystem::path&, BlobLimits limits) -> Result<std::unique_ptr<BlobStore>> {
       return NewMemoryBlobStore(limits);
     }}};

class BlobStoreConformance : public testing::TestWithParam<BlobKind> {
 protected:
  BlobStoreConformance() {
    auto opened = GetParam().open(scratch_.path() / "blobs", {.quota = 1000});
    EXPECT_THAT(opened, IsOk());
    store_ = *std::move(opened);
  }
  ScratchDirectory scratch_;
  std::unique_ptr<BlobStore> store_;
};

TEST_P(BlobStoreConformance, GivesBackWhatWasPutUnderItsDigest) {
  const std::string binary("a\0b\xff", 4);
  for (const std::string& content : {std::string(), std::string("text"), binary}) {
    const auto digest = store_->Put(Bytes(content));
    ASSERT_THAT(digest, IsOk());
    EXPECT_EQ(*digest, Sha256(content));
    EXPECT_TRUE(store_->Contains(*digest));
    const auto blob = store_->Open(*digest);
    ASSERT_THAT(blob, IsOk());
    EXPECT_EQ(Text(**blob), content);
  }
  EXPECT_EQ(store_->total_bytes(), 8);
}

TEST_P(BlobStoreConformance, NamesABlobThatIsNotThere) {
  EXPECT_FALSE(store_->Contains(Sha256("x")));
  EXPECT_THAT(store_->Open(Sha256("x")), Fails(Code::kNotFound, Sha256("x").Hex()));
}

TEST_P(BlobStoreConformance, KeepsEqualBytesOnce) {
  EXPECT_EQ(*store_->Put(Bytes("same")), *store_->Put(Bytes("same")));
  EXPECT_THAT(store_->List(), ElementsAre(BlobFacts{Sha256("same"), 4}));
  EXPECT_EQ(store_->total_bytes(), 4);
}

TEST_P(BlobStoreConformance, ListsInTheOrderOfDigests) {
  std::vector<BlobFacts> expected;
  for (int i = 0; i < 20; ++i) {
    const std::string content(static_cast<size_t>(i), 'x');
    expected.push_back({*store_->Put(Bytes(content)), i});
  }
  std::sort(expected.begin(), expected.end(),
            [](const auto& a, const auto& b) { return a.digest < b.digest; });
  EXPECT_EQ(store_->List(), expected);
}

TEST_P(BlobStoreConformance, DeletesAndDeletingAgainIsFine) {
  const Digest digest = *store_->Put(Bytes("gone"));
  const Digest other = *store_->Put(Bytes("stays"));
  EXPECT_THAT(store_->Delete(digest), IsOk());
  EXPECT_THAT(store_->Delete(digest), IsOk());
  EXPECT_FALSE(store_->Contains(digest));
  EXPECT_THAT(store_->Open(digest), Fails(Code::kNotFound, digest.Hex()));
  EXPECT_THAT(store_->List(), ElementsAre(BlobFacts{other, 5}));
  EXPECT_EQ(store_->total_bytes(), 5);
}

TEST_P(BlobStoreConformance, AnOpenBlobOutlivesItsDeletionAndTheStore) {
  const Digest digest = *store_->Put(Bytes("still read"));
  const auto blob = *store_->Open(digest);
  ASSERT_THAT(store_->Delete(digest), IsOk());
  store_.reset();
  EXPECT_EQ(Text(*blob), "still read");
}

TEST_P(BlobStoreConformance, KeepsWithinItsQuota) {
  ASSERT_THAT(store_->Put(Bytes(std::string(600, 'a'))), IsOk());
  EXPECT_THAT(store_->Put(Bytes(std::string(401, 'b'))),
              Fails(Code::kResourceExhausted,
                    "401 bytes more would exceed the quota of 1000 (600 are in use)"));
  EXPECT_EQ(store_->List().size(), 1U);
  EXPECT_THAT(store_->Put(Bytes(std::string(600, 'a'))), IsOk());  // is there already
  EXPECT_THAT(store_->Put(Bytes(std::string(400, 'c'))), IsOk());
  ASSERT_THAT(store_->Delete(Sha256(std::string(600, 'a'))), IsOk());
  EXPECT_THAT(store_->Put(Bytes(std::string(401, 'b'))), IsOk());
}

TEST_P(BlobStoreConformance, ServesManyThreads) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string own = fmt::format("thread {} blob {}", t, i),
                          shared = fmt::format("shared {}", i);
        EXPECT_THAT(store_->Put(Bytes(shared)), IsOk());
        const auto digest = store_->Put(Bytes(own));
        EXPECT_THAT(digest, IsOk());
        EXPECT_EQ(Text(**store_->Open(*digest)), own);
        EXPECT_THAT(store_->Delete(*digest), IsOk());
      }
    });
  threads.clear();
  EXPECT_EQ(store_->List().size(), 20U);
  EXPECT_EQ(store_->total_bytes(), 10 * 8 + 10 * 9);
}

INSTANTIATE_TEST_SUITE_P(Stores, BlobStoreConformance, testing::ValuesIn(kKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace tributary::store
