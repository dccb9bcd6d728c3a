#include "privacy/crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "tests/privacy/crypto/foreign_keys.h"
#include "tests/privacy/crypto/project.h"
#include "tests/support/matchers.h"

namespace tributary::privacy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(Certificate, SaysWhatAClientIs) {
  const Project project = MakeProject();
  const EcKey key = EcKey::Generate(Curve::kP256);
  const IdentityKey identity = IdentityKey::Generate();
  const auto leaf =
      IssueLeaf(project.issuer, *ParseRequest(MakeRequest(key, identity)), ClientProfile());
  ASSERT_THAT(leaf, IsOk());
  EXPECT_THAT(leaf->uris, ElementsAre("urn:tributary:alpha/client/site-1"));
  EXPECT_THAT(leaf->dns_names, IsEmpty());
  EXPECT_THAT(leaf->ip_addresses, IsEmpty());
  EXPECT_EQ(leaf->not_before, kNow - 3600);
  EXPECT_EQ(leaf->not_after, kNow + 30 * kDay);
  EXPECT_FALSE(leaf->is_ca);
  EXPECT_EQ(leaf->path_length, std::nullopt);
  EXPECT_TRUE(leaf->client_auth);
  EXPECT_FALSE(leaf->server_auth);
  EXPECT_EQ(leaf->curve, Curve::kP256);
  EXPECT_EQ(leaf->spki, key.spki());
  EXPECT_EQ(leaf->fingerprint, Sha256(leaf->der));
  EXPECT_THAT(leaf->identity, Optional(identity.public_key()));
  EXPECT_EQ(leaf->Name(), "urn:tributary:alpha/client/site-1");
}

TEST(Certificate, SaysWhereAServerIs) {
  LeafProfile profile = ServerProfile();
  profile.dns_names = {"coordinator.example.org", "localhost"};
  profile.ip_addresses = {"127.0.0.1", "2001:db8::42"};
  const Certificate leaf = MakeLeaf(MakeProject().issuer, profile);
  EXPECT_THAT(leaf.uris, ElementsAre("urn:tributary:alpha/coordinator/main"));
  EXPECT_THAT(leaf.dns_names, ElementsAre("coordinator.example.org", "localhost"));
  EXPECT_THAT(leaf.ip_addresses, ElementsAre("127.0.0.1", "2001:db8::42"));
  EXPECT_FALSE(leaf.client_auth);
  EXPECT_TRUE(leaf.server_auth);
}

TEST(Certificate, SaysWhatAnAuthorityMay) {
  const Project project = MakeProject();
  const Certificate& root = project.root.certificate;
  EXPECT_TRUE(root.is_ca);
  EXPECT_EQ(root.path_length, std::nullopt);
  EXPECT_EQ(root.curve, Curve::kP384);
  EXPECT_EQ(root.spki, project.root.key.spki());
  EXPECT_EQ(root.not_after, kNow - kDay + kRootSeconds);
  EXPECT_EQ(root.identity, std::nullopt);
  EXPECT_EQ(root.Name(), "serial number " + root.serial);
  const Certificate& issuer = project.issuer.certificate;
  EXPECT_TRUE(issuer.is_ca);
  EXPECT_THAT(issuer.path_length, Optional(0));
  EXPECT_EQ(issuer.curve, Curve::kP256);
  EXPECT_THAT(issuer.uris, ElementsAre("urn:tributary:alpha"));
  EXPECT_EQ(issuer.not_after, kNow - kDay + kIssuerSeconds);
}

TEST(Certificate, ComesBackFromItsText) {
  const Project project = MakeProject();
  const Certificate leaf = MakeLeaf(project.issuer);
  EXPECT_EQ(leaf.Pem().substr(0, 28), "-----BEGIN CERTIFICATE-----\n");
  const auto again = CertificateFromPem("a note for people\n" + leaf.Pem());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->der, leaf.der);
  EXPECT_EQ(again->fingerprint, leaf.fingerprint);
  const auto all = CertificatesFromPem(leaf.Pem() + project.issuer.certificate.Pem());
  ASSERT_THAT(all, IsOk());
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].der, leaf.der);
  EXPECT_EQ((*all)[1].der, project.issuer.certificate.der);
}

TEST(Certificate, TextHoldsAsManyAsWereAskedFor) {
  const Project project = MakeProject();
  const std::string pem = project.root.certificate.Pem();
  EXPECT_THAT(CertificateFromPem(pem + pem), Fails(Code::kInvalidArgument, "more PEM blocks"));
  EXPECT_THAT(CertificateFromPem(""), Fails(Code::kInvalidArgument, "certificate: holds no PEM"));
  EXPECT_THAT(CertificatesFromPem("\n"), Fails(Code::kInvalidArgument, "holds no PEM block"));
  std::string eight;
  for (size_t i = 0; i < kMaxBundle; ++i) eight += pem;
  EXPECT_THAT(CertificatesFromPem(eight), IsOk());
  EXPECT_THAT(CertificatesFromPem(eight + pem), Fails(Code::kInvalidArgument, "than 8"));
  EXPECT_THAT(CertificatesFromPem(pem + std::string(project.root.key.Pem().text())),
              Fails(Code::kInvalidArgument, "\"PRIVATE KEY\", expected \"CERTIFICATE\""));
  EXPECT_THAT(CertificatesFromPem(pem + pem.substr(0, 100)),
              Fails(Code::kInvalidArgument, "damaged PEM block"));
}

TEST(Certificate, HasALimit) {
  const std::string pem = MakeProject().root.certificate.Pem();
  const std::string spaces(kMaxCertificateText - pem.size(), '\n');
  EXPECT_THAT(CertificateFromPem(pem + spaces), IsOk());
  EXPECT_THAT(CertificateFromPem(pem + spaces + "\n"),
              Fails(Code::kInvalidArgument, "has 65537 bytes, expected at most 65536"));
  EXPECT_THAT(CertificatesFromPem(pem + spaces + "\n"), Fails(Code::kInvalidArgument, "65537"));
  EXPECT_THAT(CertificateFromDer(std::string(kMaxCertificateText + 1, '0')),
              Fails(Code::kInvalidArgument, "certificate: has 65537 bytes"));
}

std::string WithUri(const Authority& issuer, std::string_view uri) {
  return Forge(issuer, [&](CertificateWriter& writer) {
    AddLeafUse(writer);
    writer.NameUri(uri);
  });
}

TEST(Certificate, RefusesNamesThatHideSomething) {
  const Project project = MakeProject();
  const std::string good = "urn:tributary:alpha/client/site-1";
  EXPECT_THAT(CertificateFromDer(WithUri(project.issuer, good)), IsOk());
  for (const std::string& bad : {good + std::string("\0.evil", 6), good + '\0', std::string(),
                                 good + "\n", good + " ", good + "\x7f", good + "\xc3\xa9"})
    EXPECT_THAT(CertificateFromDer(WithUri(project.issuer, bad)),
                Fails(Code::kInvalidArgument, "printable ASCII"))
        << bad;
  const std::string dns("localhost\0.evil", 15);
  EXPECT_THAT(CertificateFromDer(Forge(project.issuer,
                                       [&](CertificateWriter& writer) {
                                         AddLeafUse(writer, "serverAuth");
                                         writer.NameDns(dns);
                                       })),
              Fails(Code::kInvalidArgument, "holds a name of 15 bytes"));
  EXPECT_THAT(CertificateFromDer(WithUri(project.issuer, std::string(255, 'u'))), IsOk());
  EXPECT_THAT(CertificateFromDer(WithUri(project.issuer, std::string(256, 'u'))),
              Fails(Code::kInvalidArgument, "name of 256 bytes"));
}

TEST(Certificate, RefusesManyNames) {
  const Project project = MakeProject();
  for (const size_t count : {kMaxNames, kMaxNames + 1}) {
    const auto certificate = CertificateFromDer(Forge(project.issuer, [&](auto& writer) {
      AddLeafUse(writer, "serverAuth");
      for (size_t i = 0; i < count; ++i) writer.NameDns("a" + std::to_string(i));
    }));
    if (count == kMaxNames)
      EXPECT_THAT(certificate, IsOk());
    else
      EXPECT_THAT(certificate,
                  Fails(Code::kInvalidArgument, "holds 65 names, expected at most 64"));
  }
}

std::string ForKey(const Authority& issuer, const ForeignKey& key) {
  CertificateWriter writer(key.get(), kNow, kDay);
  AddLeafUse(writer);
  writer.NameUri("urn:tributary:alpha/client/site-1");
  return writer.Sign(issuer.key, &issuer.certificate);
}

TEST(Certificate, TakesKeysOnTwoCurvesOnly) {
  const Project project = MakeProject();
  const auto refused = [&](const ForeignKey& key, const char* why) {
    EXPECT_THAT(CertificateFromDer(ForKey(project.issuer, key)),
                Fails(Code::kInvalidArgument, why));
  };
  EXPECT_THAT(CertificateFromDer(ForKey(project.issuer, EcKeyOn("P-384"))), IsOk());
  refused(RsaKey(2048), "certificate: public key is RSA of 2048 bits, expected EC");
  refused(HugeRsaKey(16384), "public key is RSA of 16384 bits");
  refused(EcKeyOn("secp256k1"), "public key is EC of 256 bits");
  refused(EcKeyOn("brainpoolP256r1"), "public key is EC of 256 bits");
  refused(EcKeyOn("P-521"), "public key is EC of 521 bits");
  refused(EcKeyOn("sect571r1"), "public key is EC of");
  refused(EcKeyOn("P-256", "explicit", "uncompressed"), "on the named curve");
  refused(EcKeyOn("P-256", "named_curve", "compressed"), "uncompressed");
  refused(ForeignKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")), "ED25519");
}

TEST(Certificate, RefusesExtensionsThatAreThereTwice) {
  const Project project = MakeProject();
  EXPECT_THAT(CertificateFromDer(Forge(project.issuer,
                                       [](CertificateWriter& writer) {
                                         AddLeafUse(writer, "clientAuth");
                                         writer.Add(NID_ext_key_usage, "serverAuth");
                                       })),
              Fails(Code::kInvalidArgument, "malformed or there twice"));
  EXPECT_THAT(CertificateFromDer(Forge(project.issuer,
                                       [](CertificateWriter& writer) {
                                         writer.AddIdentity({});
                                         writer.AddIdentity({});
                                       })),
              Fails(Code::kInvalidArgument, "1.3.6.1.4.1.58888.1.1 is there more than once"));
}

TEST(Certificate, RefusesAMalformedIdentity) {
  std::string der = MakeLeaf(MakeProject().issuer).der;
  const size_t at = der.find(std::string("\x04\x22\x04\x20", 4));
  ASSERT_NE(at, der.npos);
  std::string shorter = der;
  shorter[at + 3] = 0x1f;
  EXPECT_THAT(CertificateFromDer(shorter), Fails(Code::kInvalidArgument, "no octet string of 32"));
  std::string other = der;
  other[at + 2] = 0x13;  // a PrintableString
  EXPECT_THAT(CertificateFromDer(other), Fails(Code::kInvalidArgument, "no octet string of 32"));
}

TEST(Certificate, RefusesOldVersionsAndStrangeSerialNumbers) {
  const std::string der = MakeLeaf(MakeProject().issuer).der;
  ASSERT_EQ(der.substr(8, 6),
            std::string("\xa0\x03\x02\x01\x02\x02", 6));  // version, serial number
  std::string old = der;
  old[12] = 0;
  EXPECT_THAT(CertificateFromDer(old),
              Fails(Code::kInvalidArgument, "is of version 1, expected 3"));
  std::string negative = der;
  negative[15] = '\x80';
  EXPECT_THAT(CertificateFromDer(negative), Fails(Code::kInvalidArgument, "is not positive"));
}

TEST(Certificate, RefusesAnotherSpellingOfItsBytes) {
  std::string der = MakeLeaf(MakeProject().issuer).der;
  ASSERT_EQ(der.substr(0, 2), "\x30\x82");  // a sequence, two bytes of length
  der.replace(1, 1, std::string("\x83\x00", 2));
  EXPECT_THAT(CertificateFromDer(der), Fails(Code::kInvalidArgument, "not the DER"));
}

TEST(Certificate, RefusesEveryPartOfOneAndEveryTail) {
  const std::string der = MakeLeaf(MakeProject().issuer).der;
  for (size_t size = 0; size < der.size(); ++size)
    EXPECT_THAT(CertificateFromDer(der.substr(0, size)),
                Fails(Code::kInvalidArgument, "are no X.509 certificate"));
  EXPECT_THAT(CertificateFromDer(der + '\0'), Fails(Code::kInvalidArgument, "are no X.509"));
  EXPECT_EQ(ERR_peek_error(), 0U) << "what is left in the queue would confuse TLS on this thread";
}

}  // namespace
}  // namespace tributary::privacy
