#include "privacy/crypto/identity_key.h"

#include <openssl/evp.h>

#include <algorithm>

#include "tests/privacy/crypto/bytes.h"
#include "tests/support/matchers.h"

namespace tributary::privacy {
namespace {

template <typename Array>
Array FromHexTo(std::string_view hex) {
  Array bytes{};
  const std::string text = FromHex(hex);
  std::copy(text.begin(), text.end(), bytes.begin());
  return bytes;
}

// RFC 8032, section 7.1, TEST 1, its seed as PKCS#8.
TEST(IdentityKey, SignsAsRfc8032) {
  const auto key = IdentityKey::FromPem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ(Hex(key->public_key()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(
      Hex(key->Sign("")),
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
      "1cf9b46bd25bf5f0595bbe24655141438e7a100b");
  EXPECT_TRUE(VerifyIdentity(key->public_key(), "", key->Sign("")));
}

TEST(IdentityKey, ComesBackFromItsText) {
  const IdentityKey key = IdentityKey::Generate();
  const auto again = IdentityKey::FromPem(key.Pem().text());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(again->Sign("message"), key.Sign("message"));
  EXPECT_NE(IdentityKey::Generate().public_key(), key.public_key());
}

TEST(IdentityKey, RefusesAKeyOfAnotherKind) {
  EXPECT_THAT(IdentityKey::FromPem(EcKey::Generate(Curve::kP256).Pem().text()),
              Fails(Code::kInvalidArgument, "private key: is EC, expected Ed25519"));
  EXPECT_THAT(IdentityKey::FromPem(""), Fails(Code::kInvalidArgument, "holds no PEM block"));
}

TEST(VerifyIdentity, FindsAnyChange) {
  const IdentityKey key = IdentityKey::Generate();
  const IdentitySignature signature = key.Sign("message");
  EXPECT_TRUE(VerifyIdentity(key.public_key(), "message", signature));
  EXPECT_FALSE(VerifyIdentity(key.public_key(), "messagf", signature));
  EXPECT_FALSE(VerifyIdentity(IdentityKey::Generate().public_key(), "message", signature));
  for (size_t i = 0; i < signature.size(); ++i) {
    IdentitySignature other = signature;
    other[i] ^= 1;
    EXPECT_FALSE(VerifyIdentity(key.public_key(), "message", other)) << i;
  }
}

bool OpenSslVerifies(const IdentityPublicKey& key, std::string_view message,
                     const IdentitySignature& signature) {
  EVP_PKEY* const handle =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size());
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, handle);
  const bool holds =
      EVP_DigestVerify(context, signature.data(), signature.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(handle);
  return holds;
}

// Under a key of small order the signature (neutral element, 0) holds for one message in eight or
// more, and nobody needs to know a secret for it.
TEST(VerifyIdentity, RefusesKeysUnderWhichAnybodyCanSign) {
  const auto forged = FromHexTo<IdentitySignature>("01");
  for (std::string key : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"})
    for (const bool sign : {false, true}) {
      if (sign) key.replace(62, 1, key[62] == '0' ? "8" : "f");
      const auto weak = FromHexTo<IdentityPublicKey>(key);
      int by_openssl = 0;
      for (int i = 0; i < 256; ++i) {
        const std::string message = std::to_string(i);
        by_openssl += OpenSslVerifies(weak, message, forged);
        EXPECT_FALSE(VerifyIdentity(weak, message, forged)) << key;
      }
      EXPECT_GT(by_openssl, 10) << key << " is no key of small order";
    }
}

}  // namespace
}  // namespace tributary::privacy
