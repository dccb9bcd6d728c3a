#include "privacy/crypto/request.h"

#include <openssl/err.h>

#include "privacy/crypto/certificate.h"
#include "privacy/crypto/extension.h"
#include "tests/privacy/crypto/foreign_keys.h"
#include "tests/support/matchers.h"

namespace tributary::privacy {
namespace {

TEST(Request, ProvesBothKeys) {
  const IdentityKey identity = IdentityKey::Generate();
  for (const Curve curve : {Curve::kP256, Curve::kP384}) {
    const EcKey key = EcKey::Generate(curve);
    const std::string der = MakeRequest(key, identity);
    EXPECT_LT(der.size(), 600U);
    const auto request = ParseRequest(der);
    ASSERT_THAT(request, IsOk());
    EXPECT_EQ(request->spki, key.spki());
    EXPECT_EQ(Sha256(request->public_key), key.spki());
    EXPECT_EQ(request->identity, identity.public_key());
    EXPECT_EQ(request->digest, Sha256(der));
  }
}

TEST(Request, FindsAnyChange) {
  const std::string der = MakeRequest(EcKey::Generate(Curve::kP256), IdentityKey::Generate());
  for (size_t i = 0; i < der.size(); ++i) {
    std::string other = der;
    other[i] ^= 1;
    EXPECT_FALSE(ParseRequest(other)) << i;
    EXPECT_FALSE(ParseRequest(der.substr(0, i))) << i;
  }
  std::string spelled = der;
  ASSERT_EQ(der.substr(0, 2), "\x30\x82");  // a sequence, two bytes of length
  spelled.replace(1, 1, std::string("\x83\x00", 2));
  EXPECT_THAT(ParseRequest(spelled), Fails(Code::kInvalidArgument, "not the DER of their request"));
  EXPECT_THAT(ParseRequest(der + "x"), Fails(Code::kInvalidArgument, "are no PKCS#10"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

// What is asked for as a request's extensions: the key and the proof, of one request or another.
struct Asked {
  std::string identity;
  std::string proof;
};

Asked AskedBy(const EcKey& key, const IdentityKey& identity) {
  const auto request = ParseRequest(MakeRequest(key, identity));
  const IdentitySignature proof =
      identity.Sign("tributary certificate request 1\n" + request->public_key);
  return {{request->identity.begin(), request->identity.end()}, {proof.begin(), proof.end()}};
}

TEST(Request, FailsIfTheIdentityKeySignedForAnotherTlsKey) {
  const IdentityKey victim = IdentityKey::Generate();
  const EcKey its_key = EcKey::Generate(Curve::kP256), my_key = EcKey::Generate(Curve::kP256);
  const Asked asked = AskedBy(its_key, victim);
  const auto with = [&](const Asked& a, const EcKey& signer) {
    RequestExtensions extensions;
    extensions.push_back(MakeExtension(kIdentityKeyOid, a.identity));
    extensions.push_back(MakeExtension(kIdentityProofOid, a.proof));
    return ParseRequest(SignedRequest(signer.handle(), extensions));
  };
  EXPECT_THAT(with(asked, its_key), IsOk());
  EXPECT_THAT(with(asked, my_key),
              Fails(Code::kInvalidArgument, "is not signed by the identity key that it holds"));
  Asked mixed = AskedBy(my_key, IdentityKey::Generate());
  mixed.identity = asked.identity;
  EXPECT_THAT(with(mixed, my_key), Fails(Code::kInvalidArgument, "identity key that it holds"));
}

TEST(Request, FailsIfAnotherTlsKeySigned) {
  // The tail of a request is its signature: the one of another key over the same content.
  const EcKey key = EcKey::Generate(Curve::kP256);
  const std::string der = MakeRequest(key, IdentityKey::Generate());
  EXPECT_THAT(ParseRequest(SignedAgain(der, EcKey::Generate(Curve::kP256).handle())),
              Fails(Code::kInvalidArgument, "is not signed by the TLS key that it holds"));
  EXPECT_THAT(ParseRequest(SignedAgain(der, key.handle())), IsOk());
}

TEST(Request, FailsWithoutTheTwoExtensions) {
  const EcKey key = EcKey::Generate(Curve::kP256);
  const Asked asked = AskedBy(key, IdentityKey::Generate());
  RequestExtensions extensions;
  const auto refused = [&](const char* why) {
    EXPECT_THAT(ParseRequest(SignedRequest(key.handle(), extensions)),
                Fails(Code::kInvalidArgument, why));
  };
  refused("certificate request: holds no identity key");
  extensions.push_back(MakeExtension(kIdentityKeyOid, asked.identity));
  refused("holds no proof of the identity key");
  extensions.push_back(MakeExtension(kIdentityProofOid, asked.proof.substr(1)));
  refused("is no octet string of 64 bytes");
  extensions.back() = MakeExtension(kIdentityProofOid, asked.proof);
  extensions.push_back(MakeExtension(kIdentityKeyOid, asked.identity));
  refused("is there more than once");
}

TEST(Request, RefusesOtherKeysAndLongRequests) {
  EXPECT_THAT(ParseRequest(SignedRequest(RsaKey(2048).get(), {})),
              Fails(Code::kInvalidArgument, "certificate request: public key is RSA of 2048 bits"));
  EXPECT_THAT(ParseRequest(SignedRequest(EcKeyOn("secp256k1").get(), {})),
              Fails(Code::kInvalidArgument, "public key is EC of 256 bits"));
  EXPECT_THAT(ParseRequest(SignedRequest(EcKeyOn("P-521").get(), {})),
              Fails(Code::kInvalidArgument, "public key is EC of 521 bits"));
  EXPECT_THAT(ParseRequest(std::string(kMaxRequest + 1, '0')),
              Fails(Code::kInvalidArgument, "has 16385 bytes, expected at most 16384"));
  EXPECT_THAT(ParseRequest(""), Fails(Code::kInvalidArgument, "0 bytes are no PKCS#10"));
}

}  // namespace
}  // namespace tributary::privacy
