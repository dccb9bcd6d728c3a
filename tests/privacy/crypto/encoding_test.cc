#include "privacy/crypto/encoding.h"

#include "tests/support/matchers.h"

namespace tributary::privacy {
namespace {

TEST(Base64Url, EqualsTheVectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(ToBase64Url(bytes), text);
    EXPECT_EQ(FromBase64Url(text), bytes);
  }
}

TEST(Base64Url, GivesEveryByteBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(255 - i);
    EXPECT_EQ(FromBase64Url(ToBase64Url(bytes)), bytes);
  }
}

TEST(Base64Url, ReadsOneTextForOneValueOnly) {
  EXPECT_THAT(FromBase64Url("A"), Fails(Code::kInvalidArgument, "1 characters"));
  EXPECT_THAT(FromBase64Url("Zm9vA"), Fails(Code::kInvalidArgument, "5 characters"));
  for (const char* text : {"Zg==", "Zm 8", "Zm8\n", "+_8A", "-/8A", "Zm\xc3\xa9"})
    EXPECT_THAT(FromBase64Url(text), Fails(Code::kInvalidArgument, "alphabet")) << text;
  EXPECT_THAT(FromBase64Url(std::string("Zm\0A", 4)), Fails(Code::kInvalidArgument, "character 3"));
  for (const char* text : {"Zh", "Zm9", "Zv", "-_9"})
    EXPECT_THAT(FromBase64Url(text), Fails(Code::kInvalidArgument, "bits")) << text;
}

TEST(Crc32, EqualsTheCheckValueOfItsKind) {
  EXPECT_EQ(Crc32("123456789"), 0xcbf43926U);
  EXPECT_EQ(Crc32(""), 0U);
}

}  // namespace
}  // namespace tributary::privacy
