#include "privacy/crypto/verify.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include "tests/privacy/crypto/project.h"
#include "tests/support/matchers.h"

namespace tributary::privacy {
namespace {

const PeerExpectation kClient = {"alpha", Purpose::kClient, kNow};
const PeerExpectation kServer = {"alpha", Purpose::kServer, kNow};

class Verify : public testing::Test {
 protected:
  Result<PeerIdentity> Peer(const Certificate& leaf, PeerExpectation expected = kClient) const {
    return VerifyPeer(leaf, given_, roots_, expected);
  }
  Result<PeerIdentity> At(const Certificate& leaf, int64_t now) const {
    return Peer(leaf, {"alpha", Purpose::kClient, now});
  }
  // A leaf that the issuing authority signed, with anything in it.
  Certificate Forged(const std::function<void(CertificateWriter&)>& fill) const {
    return *CertificateFromDer(Forge(project_.issuer, fill));
  }
  Certificate WithUris(std::vector<std::string> uris) const {
    return Forged([&](CertificateWriter& writer) {
      AddLeafUse(writer);
      for (const std::string& uri : uris) writer.NameUri(uri);
    });
  }
  Certificate WithUse(const char* usage) const {
    return Forged([&](CertificateWriter& writer) {
      AddLeafUse(writer, usage);
      writer.NameUri("urn:tributary:alpha/client/site-1");
    });
  }

  const Project project_ = MakeProject();
  const std::vector<Certificate> given_ = {project_.issuer.certificate};
  const std::vector<Certificate> roots_ = project_.roots();
  const Digest pin_ = project_.root.key.spki();
  const Certificate client_ = MakeLeaf(project_.issuer, ClientProfile());
  const Certificate server_ = MakeLeaf(project_.issuer, ServerProfile());
};

TEST_F(Verify, FindsWhoAPeerIs) {
  const PeerIdentity site{"alpha", "client", "site-1"}, main{"alpha", "coordinator", "main"};
  EXPECT_EQ(Peer(client_), site);
  EXPECT_EQ(Peer(server_, kServer), main);
  EXPECT_EQ(VerifyPinnedPeer(client_, project_.given(), pin_, kClient), site);
  EXPECT_EQ(VerifyPinnedPeer(server_, project_.given(), pin_, kServer), main);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(Verify, TakesTheGivenInAnyOrderWithOthersAmongThem) {
  const Project other = MakeProject("beta");
  const std::vector<Certificate> given = {other.root.certificate, project_.root.certificate,
                                          other.issuer.certificate, project_.issuer.certificate,
                                          server_};
  EXPECT_THAT(VerifyPeer(client_, given, roots_, kClient), IsOk());
  EXPECT_THAT(VerifyPinnedPeer(client_, given, pin_, kClient), IsOk());
}

TEST_F(Verify, TrustsOldAndNewRootWhileOneReplacesTheOther) {
  const Project next = MakeProject("alpha");
  const std::vector<Certificate> both = {project_.root.certificate, next.root.certificate};
  const std::vector<Certificate> issuers = {project_.issuer.certificate, next.issuer.certificate};
  const Certificate renewed = MakeLeaf(next.issuer);
  EXPECT_THAT(VerifyPeer(client_, issuers, both, kClient), IsOk());
  EXPECT_THAT(VerifyPeer(renewed, issuers, both, kClient), IsOk());
  EXPECT_THAT(VerifyPeer(renewed, issuers, roots_, kClient),
              Fails(Code::kUnauthenticated, "is not signed by an authority of this project"));
}

// K01
TEST_F(Verify, HoldsForItsTimeOnly) {
  EXPECT_THAT(At(client_, client_.not_before), IsOk());
  EXPECT_THAT(At(client_, client_.not_before - 1),
              Fails(Code::kUnauthenticated,
                    "certificate urn:tributary:alpha/client/site-1: is valid from 2027-01-15 "
                    "07:00:00 UTC, and here it is 2027-01-15 06:59:59 UTC: is the clock of this "
                    "machine wrong?"));
  EXPECT_THAT(At(client_, client_.not_after - 1), IsOk());
  EXPECT_THAT(
      At(client_, client_.not_after),
      Fails(Code::kUnauthenticated,
            "certificate urn:tributary:alpha/client/site-1: expired at 2027-02-14 08:00:00 "
            "UTC, and here it is 2027-02-14 08:00:00 UTC: it needs to be renewed, unless the "
            "clock of this machine is wrong"));
}

// K06
TEST_F(Verify, NamesTheClockWhenItIsYearsOff) {
  EXPECT_THAT(At(client_, 0), Fails(Code::kUnauthenticated, "here it is 1970-01-01 00:00:00 UTC"));
  EXPECT_THAT(At(client_, kNow - 3650 * kDay), Fails(Code::kUnauthenticated, "clock"));
  EXPECT_THAT(At(client_, kNow + 3650 * kDay), Fails(Code::kUnauthenticated, "clock"));
}

TEST_F(Verify, NamesTheAuthorityThatExpired) {
  // A leaf that outlives its authority: no honest authority makes one.
  CertificateWriter writer(project_.issuer.key.handle(), kNow, kRootSeconds);
  AddLeafUse(writer);
  writer.NameUri("urn:tributary:alpha/client/site-1");
  const auto leaf =
      CertificateFromDer(writer.Sign(project_.issuer.key, &project_.issuer.certificate));
  EXPECT_THAT(
      At(*leaf, kNow + 400 * kDay),
      Fails(Code::kUnauthenticated, "certificate urn:tributary:alpha: expired at 2028-01-14"));
  EXPECT_THAT(At(*leaf, kNow + kRootSeconds - 1), Fails(Code::kUnauthenticated, "expired at"));
}

TEST_F(Verify, RefusesPeersOfOtherRoots) {
  const Project other = MakeProject("alpha");  // every name is the same
  const Certificate leaf = MakeLeaf(other.issuer);
  const auto refused = [&](const std::vector<Certificate>& given) {
    EXPECT_THAT(VerifyPeer(leaf, given, roots_, kClient),
                Fails(Code::kUnauthenticated, "is not signed by an authority of this project"));
  };
  refused({});
  refused({other.issuer.certificate});
  refused(other.given());
  refused(given_);
  EXPECT_THAT(VerifyPinnedPeer(leaf, other.given(), pin_, kClient),
              Fails(Code::kUnauthenticated,
                    "none of the 2 certificates shown with it holds the root key " + pin_.Hex()));
  EXPECT_THAT(VerifyPeer(leaf, given_, {}, kClient),
              Fails(Code::kUnauthenticated, "not signed by"));
}

TEST_F(Verify, RefusesTheSelfSigned) {
  const EcKey key = EcKey::Generate(Curve::kP256);
  CertificateWriter writer(key.handle(), kNow, kDay);
  AddLeafUse(writer);
  writer.NameUri("urn:tributary:alpha/client/site-1");
  const auto leaf = CertificateFromDer(writer.Sign(key, nullptr));
  ASSERT_THAT(leaf, IsOk());
  EXPECT_THAT(Peer(*leaf), Fails(Code::kUnauthenticated, "is not signed by an authority"));
  EXPECT_THAT(VerifyPeer(*leaf, std::span(&*leaf, 1), roots_, kClient),
              Fails(Code::kUnauthenticated, "is not signed by an authority"));
}

// The pin is the key's alone: whoever writes another certificate for that key cannot sign it.
TEST_F(Verify, RefusesAPinnedRootThatItsKeyDidNotSign) {
  const EcKey attacker = EcKey::Generate(Curve::kP384);
  CertificateWriter writer(project_.root.key.handle(), kNow - kDay, 100 * kRootSeconds);
  writer.SetSubject("alpha", "Tributary root");
  writer.Add(NID_basic_constraints, "critical,CA:TRUE");
  writer.Add(NID_key_usage, "critical,keyCertSign,cRLSign");
  const auto root = CertificateFromDer(writer.Sign(attacker, nullptr));
  ASSERT_EQ(root->spki, pin_);
  const std::vector<Certificate> given = {project_.issuer.certificate, *root};
  EXPECT_THAT(VerifyPinnedPeer(client_, given, pin_, kClient),
              Fails(Code::kUnauthenticated, "signature failure"));
  // A certificate for the pinned key that another authority signed is no root either.
  const Project other = MakeProject("alpha");
  CertificateWriter cross(project_.root.key.handle(), kNow - kDay, 300 * kDay);
  cross.SetSubject("alpha", "Tributary root");
  cross.Add(NID_basic_constraints, "critical,CA:TRUE");
  cross.Add(NID_key_usage, "critical,keyCertSign,cRLSign");
  const auto crossed = CertificateFromDer(cross.Sign(other.root.key, &other.root.certificate));
  const std::vector<Certificate> shown = {project_.issuer.certificate, *crossed,
                                          other.root.certificate};
  EXPECT_THAT(VerifyPinnedPeer(client_, shown, pin_, kClient),
              Fails(Code::kUnauthenticated, "is not signed by an authority of this project"));
}

// K02
TEST_F(Verify, RefusesTheOtherPurpose) {
  EXPECT_THAT(Peer(client_, kServer),
              Fails(Code::kUnauthenticated, "alpha/client/site-1: is not for a server"));
  EXPECT_THAT(Peer(server_),
              Fails(Code::kUnauthenticated, "coordinator/main: is not for a client"));
  const Certificate both = WithUse("clientAuth,serverAuth");
  EXPECT_THAT(Peer(both), Fails(Code::kUnauthenticated, "is for clients and servers"));
  EXPECT_THAT(Peer(both, kServer), Fails(Code::kUnauthenticated, "is for clients and servers"));
  EXPECT_THAT(Peer(WithUse("anyExtendedKeyUsage")),
              Fails(Code::kUnauthenticated, "not for a client"));
  EXPECT_THAT(Peer(WithUse("codeSigning")), Fails(Code::kUnauthenticated, "is not for a client"));
  const Certificate without = Forged([](CertificateWriter& writer) {
    writer.Add(NID_basic_constraints, "critical,CA:FALSE");
    writer.Add(NID_key_usage, "critical,digitalSignature");
    writer.NameUri("urn:tributary:alpha/client/site-1");
  });
  EXPECT_THAT(Peer(without), Fails(Code::kUnauthenticated, "is not for a client"));
}

// K03
TEST_F(Verify, RefusesAnotherProjectUnderTheSameRoot) {
  const auto issuer = MakeIssuer(project_.root, "beta", kNow - kDay);
  LeafProfile profile = ClientProfile();
  profile.identity.project = "beta";
  const Certificate beta = MakeLeaf(*issuer, profile);
  const std::vector<Certificate> given = {issuer->certificate};
  EXPECT_THAT(VerifyPeer(beta, given, roots_, kClient),
              Fails(Code::kPermissionDenied,
                    "certificate urn:tributary:beta: is no authority of the project alpha"));
  EXPECT_THAT(VerifyPeer(beta, given, roots_, {"beta", Purpose::kClient, kNow}), IsOk());
  // Authorities that issue for a project that is not theirs.
  EXPECT_THAT(Peer(WithUris({"urn:tributary:beta/client/site-1"})),
              Fails(Code::kPermissionDenied, "is of another project, expected alpha"));
  const auto intruder = CertificateFromDer(Forge(*issuer, [](CertificateWriter& writer) {
    AddLeafUse(writer);
    writer.NameUri("urn:tributary:alpha/client/site-1");
  }));
  EXPECT_THAT(VerifyPeer(*intruder, given, roots_, kClient),
              Fails(Code::kPermissionDenied, "is no authority of the project alpha"));
}

TEST_F(Verify, LeavesRolesToTheCaller) {
  LeafProfile profile = ClientProfile();
  profile.identity.role = "viewer";
  EXPECT_EQ(Peer(MakeLeaf(project_.issuer, profile))->role, "viewer");
}

// K04
TEST_F(Verify, RefusesLongChains) {
  const Authority middle = MakeAuthority(project_.root, "critical,CA:TRUE");
  std::vector<Certificate> given = {middle.certificate};
  EXPECT_THAT(VerifyPeer(MakeLeaf(middle), given, roots_, kClient), IsOk());
  const Authority below = MakeAuthority(middle, "critical,CA:TRUE");
  given.push_back(below.certificate);
  EXPECT_THAT(
      VerifyPeer(MakeLeaf(below), given, roots_, kClient),
      Fails(Code::kUnauthenticated, "a chain of 4 certificates to its root, expected at most 3"));
  const Authority forbidden = MakeAuthority(project_.issuer, "critical,CA:TRUE");
  given = {forbidden.certificate, project_.issuer.certificate};
  EXPECT_THAT(VerifyPeer(MakeLeaf(forbidden), given, roots_, kClient),
              Fails(Code::kUnauthenticated, "path length constraint exceeded"));
  EXPECT_THAT(VerifyPeer(client_, std::vector<Certificate>(9, given.front()), roots_, kClient),
              Fails(Code::kUnauthenticated, "9 certificates and 1 roots"));
  EXPECT_THAT(
      VerifyPinnedPeer(client_, std::vector<Certificate>(20, roots_.front()), pin_, kClient),
      Fails(Code::kUnauthenticated, "20 certificates"));
}

TEST_F(Verify, RefusesAPeerAsAnAuthorityAndTheOtherWayRound) {
  const Authority peer = MakeAuthority(project_.root, "critical,CA:FALSE");
  EXPECT_THAT(VerifyPeer(MakeLeaf(peer), std::vector{peer.certificate}, roots_, kClient),
              Fails(Code::kUnauthenticated,
                    "certificate urn:tributary:alpha: does not verify: "
                    "invalid CA certificate"));
  const Certificate authority = Forged([](CertificateWriter& writer) {
    writer.SetSubject("alpha", "An authority");
    writer.Add(NID_basic_constraints, "critical,CA:TRUE");
    writer.Add(NID_key_usage, "critical,keyCertSign,digitalSignature");
    writer.Add(NID_ext_key_usage, "clientAuth");
    writer.NameUri("urn:tributary:alpha/client/site-1");
  });
  EXPECT_THAT(Peer(authority),
              Fails(Code::kUnauthenticated, "is an authority's, expected a peer's"));
  EXPECT_THAT(Peer(project_.issuer.certificate),
              Fails(Code::kUnauthenticated, "is not for a client"));
  EXPECT_THAT(Peer(project_.root.certificate),
              Fails(Code::kUnauthenticated, "is not for a client"));
}

TEST_F(Verify, IsStrict) {
  const Authority lax = MakeAuthority(project_.root, "CA:TRUE");  // RFC 5280 wants it critical
  EXPECT_THAT(VerifyPeer(MakeLeaf(lax), std::vector{lax.certificate}, roots_, kClient),
              Fails(Code::kUnauthenticated, "Basic Constraints of CA cert not marked critical"));
  const Certificate mute = Forged([](CertificateWriter& writer) {
    writer.Add(NID_basic_constraints, "critical,CA:FALSE");
    writer.Add(NID_key_usage, "critical,keyEncipherment");  // so it must not sign a handshake
    writer.Add(NID_ext_key_usage, "clientAuth");
    writer.NameUri("urn:tributary:alpha/client/site-1");
  });
  EXPECT_THAT(Peer(mute), Fails(Code::kUnauthenticated, "is not for a client"));
}

// K05; a NUL does not even get here, as certificate_test shows.
TEST_F(Verify, TakesOneUriByteForByte) {
  EXPECT_THAT(Peer(WithUris({"urn:tributary:alpha/client/site-1"})), IsOk());
  const Certificate nameless = Forged([](CertificateWriter& writer) {
    AddLeafUse(writer);
    writer.SetSubject("alpha", "urn:tributary:alpha/client/site-1");
  });
  EXPECT_THAT(Peer(nameless), Fails(Code::kUnauthenticated, "has 0 URIs, expected one"));
  EXPECT_THAT(
      Peer(WithUris({"urn:tributary:alpha/client/site-1", "urn:tributary:alpha/admin/root"})),
      Fails(Code::kUnauthenticated, "has 2 URIs, expected one"));
  for (const char* uri : {"urn:tributary:alpha/client/*", "urn:tributary:*/client/site-1",
                          "urn:tributary:alpha", "https://alpha/client/site-1",
                          "urn:tributary:alpha/client/.x", "urn:tributary:alpha/client/site%2D1"})
    EXPECT_THAT(Peer(WithUris({uri})), Fails(Code::kUnauthenticated, "peer identity: ")) << uri;
  EXPECT_THAT(Peer(WithUris({"urn:tributary:Alpha/client/site-1"})),
              Fails(Code::kPermissionDenied, "another project"));
}

TEST_F(Verify, FindsAnyChange) {
  const std::string& der = client_.der;
  for (size_t i = 0; i < der.size(); ++i) {
    std::string other = der;
    other[i] ^= 1;
    const auto certificate = CertificateFromDer(other);
    EXPECT_FALSE(certificate && Peer(*certificate)) << i;
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(Verify, RefusesSignaturesOverSha1) {
  const auto* at = reinterpret_cast<const unsigned char*>(client_.der.data());
  X509* const x = d2i_X509(nullptr, &at, static_cast<long>(client_.der.size()));
  ASSERT_GT(X509_sign(x, project_.issuer.key.handle(), EVP_sha1()), 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(x, &der);
  const auto old =
      CertificateFromDer({reinterpret_cast<const char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  X509_free(x);
  ASSERT_THAT(old, IsOk());
  EXPECT_THAT(Peer(*old), Fails(Code::kUnauthenticated, "digest algorithm too weak"));
}

}  // namespace
}  // namespace tributary::privacy
