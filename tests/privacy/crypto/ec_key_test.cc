#include "privacy/crypto/ec_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "privacy/crypto/identity_key.h"
#include "tests/privacy/crypto/foreign_keys.h"
#include "tests/support/matchers.h"

namespace tributary::privacy {
namespace {

TEST(EcKey, ComesBackFromItsText) {
  for (const Curve curve : {Curve::kP256, Curve::kP384}) {
    const EcKey key = EcKey::Generate(curve);
    EXPECT_EQ(key.curve(), curve);
    const Secret pem = key.Pem();
    EXPECT_EQ(pem.text().substr(0, 28), "-----BEGIN PRIVATE KEY-----\n");
    const auto again = EcKey::FromPem(pem.text());
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->curve(), curve);
    EXPECT_EQ(again->spki(), key.spki());
    EXPECT_EQ(again->Pem().text(), pem.text());
    EXPECT_NE(EcKey::Generate(curve).spki(), key.spki());
  }
}

TEST(EcKey, RefusesKeysOfOtherKinds) {
  const auto refused = [](const ForeignKey& key, const char* why) {
    EXPECT_THAT(EcKey::FromPem(PrivatePem(key)), Fails(Code::kInvalidArgument, why));
  };
  refused(RsaKey(2048), "private key: public key is RSA of 2048 bits, expected EC");
  refused(EcKeyOn("secp256k1"),
          "public key is EC of 256 bits, expected EC on the named curve P-256");
  refused(EcKeyOn("P-521"), "public key is EC of 521 bits");
  refused(EcKeyOn("P-256", "explicit", "uncompressed"), "expected EC on the named curve P-256");
  refused(EcKeyOn("P-256", "named_curve", "compressed"), "uncompressed");
  EXPECT_THAT(EcKey::FromPem(IdentityKey::Generate().Pem().text()),
              Fails(Code::kInvalidArgument, "public key is ED25519"));
}

TEST(EcKey, RefusesWhatIsNotOnePlainKey) {
  const std::string pem(EcKey::Generate(Curve::kP256).Pem().text());
  EXPECT_THAT(EcKey::FromPem(""), Fails(Code::kInvalidArgument, "holds no PEM block"));
  EXPECT_THAT(EcKey::FromPem("-----BEGIN PRIVATE KEY-----\n"),
              Fails(Code::kInvalidArgument, "PEM"));
  EXPECT_THAT(EcKey::FromPem(pem + pem),
              Fails(Code::kInvalidArgument, "private key: holds more PEM blocks"));
  EXPECT_THAT(EcKey::FromPem(pem.substr(0, pem.size() / 2)),
              Fails(Code::kInvalidArgument, "damaged PEM block"));
  EXPECT_THAT(EcKey::FromPem(pem + std::string(kMaxKeyText, ' ')),
              Fails(Code::kInvalidArgument, "expected at most 16384"));
  std::string certificate = pem;
  for (size_t at = 0; (at = certificate.find("PRIVATE KEY", at)) != certificate.npos;)
    certificate.replace(at, 11, "CERTIFICATE");
  EXPECT_THAT(
      EcKey::FromPem(certificate),
      Fails(Code::kInvalidArgument, "holds a PEM block \"CERTIFICATE\", expected \"PRIVATE KEY\""));
}

// It must not ask for a passphrase on the terminal either.
TEST(EcKey, RefusesAnEncryptedKey) {
  EXPECT_THAT(EcKey::FromPem(EncryptedPem(EcKeyOn("P-256"))),
              Fails(Code::kInvalidArgument, "\"ENCRYPTED PRIVATE KEY\""));
  EXPECT_THAT(EcKey::FromPem(OldEncryptedPem(EcKeyOn("P-256"))),
              Fails(Code::kInvalidArgument, "\"EC PRIVATE KEY\""));
  std::string headed(EcKey::Generate(Curve::kP256).Pem().text());
  headed.insert(28, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n");
  EXPECT_THAT(EcKey::FromPem(headed), Fails(Code::kInvalidArgument, "encrypted or has headers"));
}

// The key's two halves: one from each of two keys.
TEST(EcKey, RefusesHalvesThatDoNotFit) {
  EXPECT_THAT(EcKey::FromPem(PrivatePem(MismatchedKey())),
              Fails(Code::kInvalidArgument, "private key: is no valid key of its curve"));
}

TEST(EcKey, LeavesNoErrorsOfOpenSslBehind) {
  EXPECT_FALSE(EcKey::FromPem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace tributary::privacy
