// Chunks that are not copied: ChunkHead and FindChunk are Encode and Decode, for those that are
// long and well formed; everything else is left to Decode.

#include <gtest/gtest.h>

#include "proto/convert.h"

namespace tributary::proto {
namespace {

std::string Encoded(int64_t offset, size_t size) {
  return Encode(UploadMessage{Chunk{offset, {std::string(size, 'x')}}});
}
std::optional<FoundChunk> Find(std::string_view message) {
  return FindChunk(message.substr(0, kMostChunkHead), message.size());
}

constexpr int64_t kOffsets[] = {0, 1, 127, 128, int64_t{1} << 40, INT64_MAX, -1};
constexpr size_t kSizes[] = {1, 127, 128, 16'384, kMaxChunk};

TEST(Chunks, HeadIsWhatEncodeWrites) {
  for (const int64_t offset : kOffsets)
    for (const size_t size : kSizes) {
      const std::string data(size, 'x');
      EXPECT_TRUE(ChunkHead(offset, size) + data == Encoded(offset, size)) << offset << " " << size;
      EXPECT_TRUE(BareChunkHead(offset, size) + data == Encode(Chunk{offset, {data}}))
          << offset << " " << size;
    }
}

TEST(Chunks, AreFoundAgain) {
  for (const int64_t offset : kOffsets)
    for (const size_t size : kSizes) {
      const std::string message = Encoded(offset, size);
      const auto found = Find(message);
      ASSERT_TRUE(found) << offset << " " << size;
      EXPECT_EQ(found->offset, offset);
      EXPECT_EQ(found->begin, message.size() - size);
    }
}

TEST(Chunks, BeyondALimitOrEmptyAreLeftToDecode) {
  EXPECT_FALSE(Find(Encoded(5, kMaxChunk + 1)));
  EXPECT_FALSE(Find(Encoded(5, 0)));
  EXPECT_FALSE(Find(""));
  EXPECT_FALSE(Find(Encode(UploadMessage{UploadBegin{RunId{"r"}, 1, Sha256("u"), 9}})));
}

TEST(Chunks, WhatIsFoundInADamagedMessageIsWhatDecodeFinds) {
  const std::string whole = Encoded(300, 40);
  int found_some = 0;
  for (size_t at = 0; at < whole.size(); ++at)
    for (const int flip : {0x01, 0x02, 0x08, 0x80}) {
      std::string message = whole;
      message[at] = static_cast<char>(message[at] ^ flip);
      const auto found = Find(message);
      if (!found) continue;
      ++found_some;
      const auto decoded = Decode<UploadMessage>(message);
      ASSERT_TRUE(decoded);
      const auto& chunk = std::get<Chunk>(decoded->body);
      EXPECT_EQ(chunk.offset, found->offset);
      EXPECT_EQ(chunk.data.value, message.substr(found->begin));
    }
  EXPECT_GT(found_some, 0);  // damage to the data alone
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(Find(whole.substr(0, size)));
  EXPECT_FALSE(Find(whole + "x"));
}

}  // namespace
}  // namespace tributary::proto
