#include "coordinator/store/upload_store.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::store {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class Uploads : public testing::Test {
 protected:
  std::unique_ptr<UploadStore> Open(int64_t quota = 1 << 20) {
    return *UploadStore::Open(scratch_.path() / "uploads", {quota});
  }
  static UploadKey Key(const std::string& client, const std::string& bytes, int64_t sequence = 1) {
    return {RunId{"run-1"}, sequence, ClientId{client}, Sha256(bytes),
            static_cast<int64_t>(bytes.size())};
  }
  // In parts of that size, all in one call.
  static Status Write(Upload& upload, std::string_view text, size_t part) {
    std::vector<std::span<const std::byte>> parts;
    for (size_t at = 0; at < text.size(); at += part) parts.push_back(Bytes(text.substr(at, part)));
    return upload.Write(parts);
  }
  static Status Send(UploadStore& store, const UploadKey& key, const std::string& bytes) {
    ASSIGN_OR_RETURN(const auto upload, store.Begin(key));
    RETURN_IF_ERROR(Write(*upload, bytes.substr(static_cast<size_t>(upload->offset())), 3));
    return upload->Commit();
  }
  ScratchDirectory scratch_;
};

TEST_F(Uploads, GoOnWhereTheyWere) {
  const std::string bytes = "0123456789";
  const UploadKey key = Key("a", bytes);
  {
    const auto store = Open();
    const auto upload = *store->Begin(key);
    ASSERT_THAT(Write(*upload, "0123", 2), IsOk());
    EXPECT_THAT(store->Begin(key), Fails(Code::kAborted, "under way"));
  }
  const auto store = Open();
  const auto upload = *store->Begin(key);
  EXPECT_EQ(upload->offset(), 4);
  EXPECT_THAT(Write(*upload, "4567890", 2), Fails(Code::kInvalidArgument, "declared with 10"));
  ASSERT_THAT(Write(*upload, "456789", 2), IsOk());
  ASSERT_THAT(upload->Commit(), IsOk());
  EXPECT_EQ(store->total_bytes(), 10);
  EXPECT_EQ((*store->Read({"run-1"}, 1, {"a"}, key.digest))->bytes().size(), 10u);
}

TEST_F(Uploads, OfManyPartsAreOneFile) {
  const auto store = Open();
  std::string text;
  while (text.size() < 100'000) text += std::to_string(text.size());
  const UploadKey key = Key("a", text);
  const auto upload = *store->Begin(key);
  ASSERT_THAT(Write(*upload, text.substr(0, 60'000), 7), IsOk());  // more than one call takes
  ASSERT_THAT(Write(*upload, "", 7), IsOk());
  ASSERT_THAT(Write(*upload, text.substr(60'000), 8192), IsOk());
  ASSERT_THAT(upload->Commit(), IsOk());
  EXPECT_EQ((*store->Read({"run-1"}, 1, {"a"}, key.digest))->bytes().size(), text.size());
}

TEST_F(Uploads, CountForWhoSentThem) {
  const auto store = Open();
  ASSERT_THAT(Send(*store, Key("a", "same"), "same"), IsOk());
  EXPECT_THAT(store->Read({"run-1"}, 1, {"b"}, Sha256("same")), Fails(Code::kNotFound, ""));
  ASSERT_THAT(Send(*store, Key("b", "same"), "same"), IsOk());
  EXPECT_THAT(store->Read({"run-1"}, 1, {"b"}, Sha256("same")), IsOk());
}

TEST_F(Uploads, AreDroppedWhereTheDigestLies) {
  const auto store = Open();
  UploadKey key = Key("a", "bytes");
  key.digest = Sha256("other");
  EXPECT_THAT(Send(*store, key, "bytes"), Fails(Code::kAborted, "the bytes have SHA-256"));
  EXPECT_EQ(store->total_bytes(), 0);
}

TEST_F(Uploads, OfOneClientAreFew) {
  const auto store = Open();
  for (const char* half : {"half 1", "half 2", "half 3"}) {  // what is not whole is dropped
    const auto upload = *store->Begin(Key("a", half));
    ASSERT_THAT(Write(*upload, "half", 2), IsOk());
  }
  EXPECT_EQ(store->total_bytes(), 4);
  for (int i = 0; i < kMostWhole; ++i) {
    const std::string bytes = "whole " + std::to_string(i);
    ASSERT_THAT(Send(*store, Key("a", bytes), bytes), IsOk());
  }
  EXPECT_THAT(store->Begin(Key("a", "one more")), Fails(Code::kAlreadyExists, "4 other updates"));
  EXPECT_THAT(store->Begin(Key("a", "whole 2")), IsOk());  // again
  EXPECT_THAT(store->Begin(Key("b", "its first")), IsOk());
}

TEST_F(Uploads, StayWithinTheQuota) {
  const auto store = Open(10);
  EXPECT_THAT(store->Begin(Key("a", "eleven bytes")), Fails(Code::kResourceExhausted, "no room"));
  ASSERT_THAT(Send(*store, Key("a", "six by"), "six by"), IsOk());
  EXPECT_THAT(store->Begin(Key("b", "6 more")), Fails(Code::kResourceExhausted, "quota"));
  ASSERT_THAT(store->DiscardBefore({"run-1"}, 2), IsOk());
  EXPECT_EQ(store->total_bytes(), 0);
  EXPECT_THAT(Send(*store, Key("b", "6 more", 2), "6 more"), IsOk());
}

}  // namespace
}  // namespace tributary::store
