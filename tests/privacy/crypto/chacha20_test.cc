#include "privacy/crypto/chacha20.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

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

}  // namespace
}  // namespace tributary::privacy
