#include "privacy/crypto/ec_key.h"

#include <openssl/ec.h>

#include "privacy/crypto/openssl.h"
#include "privacy/crypto/private_key.h"
#include "privacy/crypto/public_key.h"

namespace tributary::privacy {

void FreeKey::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

EcKey EcKey::Generate(Curve curve) {
  const ErrorScope errors;
  auto key = FromHandle(KeyHandle(EVP_EC_gen(curve == Curve::kP256 ? "P-256" : "P-384")));
  TRIBUTARY_CHECK(key.has_value(), "OpenSSL makes EC keys");
  return *std::move(key);
}

Result<EcKey> EcKey::FromPem(std::string_view pem) {
  const ErrorScope errors;
  ASSIGN_OR_RETURN(KeyHandle key, ReadPrivateKey(pem));
  auto result = FromHandle(std::move(key));
  if (!result) return Annotate(std::move(result).error(), "private key");
  return result;
}

Result<EcKey> EcKey::FromHandle(KeyHandle key) {
  ASSIGN_OR_RETURN(const PublicKey half, ReadPublicKey(key.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_check(context.get()) != 1)
    return InvalidArgument("is no valid key of its curve: {}", LastError());
  return EcKey(std::move(key), half.curve, Sha256(half.der));
}

Secret EcKey::Pem() const { return WritePrivateKey(key_.get()); }

}  // namespace tributary::privacy
