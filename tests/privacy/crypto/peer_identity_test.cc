#include "privacy/crypto/peer_identity.h"

#include "tests/support/matchers.h"

namespace tributary::privacy {
namespace {

TEST(PeerIdentity, IsWrittenAndReadAsAUri) {
  const PeerIdentity identity{"alpha", "client", "site-1"};
  EXPECT_EQ(identity.Uri(), "urn:tributary:alpha/client/site-1");
  EXPECT_EQ(ParsePeerIdentity(identity.Uri()), identity);
  const PeerIdentity longest{std::string(64, 'p'), std::string(64, 'R'), std::string(64, '9')};
  EXPECT_EQ(ParsePeerIdentity(longest.Uri()), longest);
}

TEST(PeerIdentity, HasOneSpellingOnly) {
  for (const char* uri : {"",
                          "urn:tributary:",
                          "urn:tributary:alpha",
                          "urn:tributary:alpha/client",
                          "urn:tributary:///",
                          "urn:tributary:alpha/client/",
                          "urn:tributary:alpha//site-1",
                          "urn:tributary:/client/site-1",
                          "urn:tributary:alpha/client/site-1/",
                          "urn:tributary:alpha/client/site-1/x",
                          "URN:tributary:alpha/client/site-1",
                          "urn:tributary:alpha/client/*",
                          "urn:tributary:*/client/site-1",
                          "urn:tributary:alpha/client/site%2d1",
                          "urn:tributary:alpha/client/.site",
                          "urn:tributary:alpha/../site-1",
                          "urn:tributary:alpha/client/site 1",
                          " urn:tributary:alpha/client/site-1",
                          "urn:tributary:alpha/client/site-1#x",
                          "urn:other:alpha/client/site-1",
                          "spiffe://alpha/client/site-1"})
    EXPECT_THAT(ParsePeerIdentity(uri), Fails(Code::kInvalidArgument, "peer identity: ")) << uri;
  EXPECT_THAT(ParsePeerIdentity(std::string("urn:tributary:alpha/client/site-1\0", 34)),
              Fails(Code::kInvalidArgument, "name: 7 bytes that are no name"));
  EXPECT_THAT(ParsePeerIdentity("urn:tributary:alpha/client/" + std::string(65, 'x')),
              Fails(Code::kInvalidArgument, "name: 65 bytes"));
}

TEST(Name, IsSafeInAFileALogAndAUri) {
  for (const char* name : {"a", "Z", "0", "_", "-", "a.b", "site-1_B.x", "a..b"})
    EXPECT_TRUE(IsName(name)) << name;
  for (const char* name : {"", ".", "..", ".a", "a/b", "a b", "a\n", "\x1b[0m", "é", "a:b", "*"})
    EXPECT_FALSE(IsName(name)) << name;
  EXPECT_FALSE(IsName(std::string("a\0", 2)));
  EXPECT_TRUE(IsName(std::string(64, 'a')));
  EXPECT_FALSE(IsName(std::string(65, 'a')));
}

}  // namespace
}  // namespace tributary::privacy
