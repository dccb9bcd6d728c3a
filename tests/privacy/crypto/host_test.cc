#include "privacy/crypto/host.h"

#include <gtest/gtest.h>

namespace tributary::privacy {
namespace {

TEST(Host, IsAHostNameOrAnAddressAndNeverBoth) {
  for (const char* name : {"localhost", "a", "coordinator.example.org", "xn--bcher-kva.example",
                           "compose_service", "10.example", "A-B.c"}) {
    EXPECT_TRUE(IsHostName(name)) << name;
    EXPECT_FALSE(IsIpAddress(name)) << name;
  }
  for (const char* address :
       {"127.0.0.1", "0.0.0.0", "::1", "::", "2001:db8::42", "::ffff:1.2.3.4"}) {
    EXPECT_TRUE(IsIpAddress(address)) << address;
    EXPECT_FALSE(IsHostName(address)) << address;
  }
  for (const char* neither : {"", ".", "a.", ".a", "a..b", "-a", "a-", "*.example.org", "a b",
                              "a/b", "bücher", "[::1]", "fe80::1%eth0", "a\n"}) {
    EXPECT_FALSE(IsHostName(neither)) << neither;
    EXPECT_FALSE(IsIpAddress(neither)) << neither;
  }
}

TEST(Host, EndsWhereItsBytesEnd) {
  EXPECT_FALSE(IsIpAddress(std::string("127.0.0.1\0.evil", 15)));
  EXPECT_FALSE(IsHostName(std::string("good\0.evil", 10)));
}

TEST(Host, HasTheLimitsOfDns) {
  const std::string label(63, 'a');
  EXPECT_TRUE(IsHostName(label));
  EXPECT_FALSE(IsHostName(label + "a"));
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  EXPECT_EQ(longest.size(), 253U);
  EXPECT_TRUE(IsHostName(longest));
  EXPECT_FALSE(IsHostName("a." + longest.substr(1)));
}

}  // namespace
}  // namespace tributary::privacy
