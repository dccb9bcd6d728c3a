#include "privacy/crypto/random.h"

#include <gtest/gtest.h>
#include <openssl/rand.h>

#include <set>
#include <string>
#include <vector>

#include "privacy/noise_source.h"

namespace tributary::privacy {
namespace {

TEST(SecureRandomBytes, NeverRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(16, '\0');
    SecureRandomBytes(std::as_writable_bytes(std::span(bytes)));
    EXPECT_TRUE(seen.insert(bytes).second);
  }
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
