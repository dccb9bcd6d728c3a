#include "privacy/crypto.h"

#include <gmock/gmock.h>
#include <openssl/rand.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "privacy/noise_source.h"

namespace tributary::privacy {
namespace {

TEST(ChaCha20, EqualsTheVectorsOfRfc8439) {
  // Appendix A.1, test vectors 1 and 2: zero key, zero nonce, blocks 0 and 1.
  const unsigned char expected[] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90,
                                    0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28,
                                    0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a,
                                    0xa8, 0x36, 0xef, 0xcc, 0x8b, 0x77, 0x0d, 0xc7};
  const unsigned char block_1[] = {0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a};
  std::vector<std::byte> stream(128);
  ChaCha20(ChaCha20::Key{}).Keystream(stream);
  EXPECT_EQ(std::memcmp(stream.data(), expected, sizeof expected), 0);
  EXPECT_EQ(std::memcmp(stream.data() + 64, block_1, sizeof block_1), 0);
}

TEST(ChaCha20, IsOneStreamHoweverItIsRead) {
  ChaCha20::Key key{};
  key[5] = std::byte{7};
  std::vector<std::byte> whole(1000), pieces(1000);
  ChaCha20(key).Keystream(whole);
  ChaCha20 stream(key);
  for (size_t at = 0, step = 1; at < pieces.size(); at += step, step = step % 97 + 1)
    stream.Keystream(std::span(pieces).subspan(at, std::min(step, pieces.size() - at)));
  EXPECT_EQ(whole, pieces);
}

TEST(SecureRandomBytes, NeverRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(16, '\0');
    SecureRandomBytes(std::as_writable_bytes(std::span(bytes)));
    EXPECT_TRUE(seen.insert(bytes).second);
  }
}

TEST(Wipe, LeavesZeros) {
  std::vector<std::byte> secret(100, std::byte{42});
  Wipe(std::span(secret).subspan(10, 80));
  for (size_t i = 0; i < secret.size(); ++i)
    EXPECT_EQ(std::to_integer<int>(secret[i]), i < 10 || i >= 90 ? 42 : 0);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
// Replaces OpenSSL's generator by one that fails, as a machine without entropy would.
void BreakTheGenerator() {
  static RAND_METHOD broken{};
  broken.bytes = [](unsigned char*, int) { return 0; };
  broken.pseudorand = broken.bytes;
  broken.status = [] { return 0; };
  RAND_set_rand_method(&broken);
}
#pragma GCC diagnostic pop

TEST(SecureRandomBytesDeathTest, TheProcessStopsWhenTheGeneratorFails) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::vector<std::byte> bytes(32);
  EXPECT_DEATH(
      {
        BreakTheGenerator();
        SecureRandomBytes(bytes);
      },
      "secure random bytes");
  EXPECT_DEATH(
      {
        BreakTheGenerator();
        (void)SecureNoise();
      },
      "secure random bytes");
}

}  // namespace
}  // namespace tributary::privacy
