#include "privacy/crypto/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace tributary::privacy {
namespace {

TEST(Wipe, LeavesZeros) {
  std::vector<std::byte> secret(100, std::byte{42});
  Wipe(std::span(secret).subspan(10, 80));
  for (size_t i = 0; i < secret.size(); ++i)
    EXPECT_EQ(std::to_integer<int>(secret[i]), i < 10 || i >= 90 ? 42 : 0);
}

TEST(Wipe, ReachesTheSpareCapacityOfAString) {
  std::string text(100, 'k');
  text.resize(60);
  const char* memory = text.data();
  Wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.data(), memory);
  EXPECT_EQ(std::count(memory, memory + 100, '\0'), 100);
}

TEST(Secret, MovesAndLeavesNothingBehind) {
  Secret first = Secret::CopyOf("a key");
  Secret second = std::move(first);
  EXPECT_EQ(second.text(), "a key");
  EXPECT_EQ(first.size(), 0U);  // NOLINT: what a moved-from secret holds is the point
  first = Secret::CopyOf("another");
  second = std::move(first);
  EXPECT_EQ(second.text(), "another");
  EXPECT_EQ(first.text(), "");  // NOLINT
}

TEST(Secret, StartsAsZeros) {
  const Secret secret(32);
  EXPECT_EQ(std::count(secret.bytes().begin(), secret.bytes().end(), std::byte{0}), 32);
}

}  // namespace
}  // namespace tributary::privacy
