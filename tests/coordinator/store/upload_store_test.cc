// What clients send: in parts, resumed, and only whole and right when it was declared so.

#include "coordinator/store/upload_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::store {
namespace {

class Uploads : public testing::Test {
 protected:
  static std::string Text(size_t size) {
    std::string text;
    while (text.size() < size) text += std::to_string(text.size());
    return text.substr(0, size);
  }
  static UploadKey KeyOf(const std::string& text) {
    return {RunId{"run-1"}, 3, ClientId{"site-1"}, Sha256(text), static_cast<int64_t>(text.size())};
  }
  std::unique_ptr<UploadStore> Open() { return *UploadStore::Open(scratch_.path() / "uploads"); }
  // In parts of that size, all in one call.
  static Status Write(Upload& upload, std::string_view text, size_t part) {
    std::vector<std::span<const std::byte>> parts;
    for (size_t at = 0; at < text.size(); at += part)
      parts.push_back(std::as_bytes(std::span(text.substr(at, part))));
    return upload.Write(parts);
  }
  Scratch scratch_;
};

TEST_F(Uploads, OfManyPartsAreOneFile) {
  const auto store = Open();
  const std::string text = Text(100'000);
  auto upload = store->Begin(KeyOf(text));
  ASSERT_TRUE(upload);
  ASSERT_TRUE(Write(**upload, text.substr(0, 60'000), 7));  // more parts than one call takes
  ASSERT_TRUE(Write(**upload, "", 7));
  ASSERT_TRUE(Write(**upload, text.substr(60'000), 8192));
  ASSERT_TRUE((*upload)->Commit());
  const auto blob = store->Read(RunId{"run-1"}, 3, Sha256(text));
  ASSERT_TRUE(blob);
  EXPECT_EQ((*blob)->bytes().size(), text.size());
  EXPECT_EQ(store->total_bytes(), 100'000);
}

TEST_F(Uploads, GoOnWhereTheyStopped) {
  const std::string text = Text(50'000);
  {
    const auto store = Open();
    auto upload = store->Begin(KeyOf(text));
    ASSERT_TRUE(Write(**upload, text.substr(0, 20'000), 1000));
  }
  const auto store = Open();
  auto upload = store->Begin(KeyOf(text));
  ASSERT_TRUE(upload);
  EXPECT_EQ((*upload)->offset(), 20'000);
  ASSERT_TRUE(Write(**upload, text.substr(20'000), 1000));
  EXPECT_TRUE((*upload)->Commit());
}

TEST_F(Uploads, ThatAreNotWhatWasDeclaredAreRefused) {
  const auto store = Open();
  const std::string text = Text(1000);
  auto upload = store->Begin(KeyOf(text));
  EXPECT_FALSE(Write(**upload, text + "x", 10));
  EXPECT_EQ((*upload)->offset(), 0);
  EXPECT_FALSE((*upload)->Commit());  // nothing is there
  ASSERT_TRUE(Write(**upload, std::string(1000, 'x'), 10));
  const Status wrong = (*upload)->Commit();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kAborted);
  EXPECT_FALSE(store->Contains(RunId{"run-1"}, 3, Sha256(text)));
}

}  // namespace
}  // namespace tributary::store
