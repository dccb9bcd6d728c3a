#include "privacy/crypto/private_key.h"

#include "privacy/crypto/openssl.h"
#include "privacy/crypto/pem.h"

namespace tributary::privacy {
namespace {

constexpr const char* kLabel = "PRIVATE KEY";
using OwnedPkcs8 = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

}  // namespace

Result<KeyHandle> ReadPrivateKey(std::string_view pem) {
  if (pem.size() > kMaxKeyText)
    return InvalidArgument("private key: has {} bytes, expected at most {}", pem.size(),
                           kMaxKeyText);
  auto blocks = ReadPem(pem, kLabel, 1);
  if (!blocks) return Annotate(std::move(blocks).error(), "private key");
  const OwnedPkcs8 pkcs8 =
      FromDer<PKCS8_PRIV_KEY_INFO_free>(d2i_PKCS8_PRIV_KEY_INFO, blocks->front().text());
  KeyHandle key(pkcs8 ? EVP_PKCS82PKEY(pkcs8.get()) : nullptr);
  if (!key) return InvalidArgument("private key: is no PKCS#8: {}", LastError());
  return key;
}

Secret WritePrivateKey(const EVP_PKEY* key) {
  const ErrorScope errors;
  const OwnedPkcs8 pkcs8(EVP_PKEY2PKCS8(key));
  TRIBUTARY_CHECK(pkcs8 != nullptr, "OpenSSL writes PKCS#8");
  std::string der = ToDer(i2d_PKCS8_PRIV_KEY_INFO, pkcs8.get());
  Secret pem = WritePem(kLabel, der);
  Wipe(der);
  return pem;
}

}  // namespace tributary::privacy
