#include "tests/privacy/crypto/foreign_keys.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <functional>

#include "aggregation/base/status.h"

namespace tributary::privacy {
namespace {

std::string Written(const std::function<int(BIO*)>& write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  TRIBUTARY_CHECK(write(bio) == 1, "OpenSSL writes a key");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string result(text, static_cast<size_t>(size));
  BIO_free_all(bio);
  return result;
}

ForeignKey FromParameters(const char* type, int selection, OSSL_PARAM_BLD* builder) {
  OSSL_PARAM* const parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr);
  EVP_PKEY* key = nullptr;
  TRIBUTARY_CHECK(EVP_PKEY_fromdata_init(context) == 1 &&
                      EVP_PKEY_fromdata(context, &key, selection, parameters) == 1,
                  "OpenSSL takes a key");
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  return ForeignKey(key);
}

std::string Sign(X509_REQ* request, EVP_PKEY* key) {
  unsigned char* der = nullptr;
  TRIBUTARY_CHECK(X509_REQ_sign(request, key, EVP_sha256()) > 0, "OpenSSL signs a request");
  const int size = i2d_X509_REQ(request, &der);
  std::string bytes(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  X509_REQ_free(request);
  return bytes;
}

}  // namespace

ForeignKey RsaKey(int bits) { return ForeignKey(EVP_RSA_gen(static_cast<size_t>(bits))); }

ForeignKey HugeRsaKey(int bits) {
  BIGNUM *modulus = BN_new(), *exponent = BN_new();
  BN_rand(modulus, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
  BN_set_word(exponent, RSA_F4);
  OSSL_PARAM_BLD* const builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
  ForeignKey key = FromParameters("RSA", EVP_PKEY_PUBLIC_KEY, builder);
  BN_free(modulus);
  BN_free(exponent);
  return key;
}

ForeignKey EcKeyOn(const char* curve, const char* encoding, const char* point) {
  ForeignKey key(EVP_EC_gen(curve));
  TRIBUTARY_CHECK(
      EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING, encoding) == 1 &&
          EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                         point) == 1,
      "OpenSSL writes keys in several ways");
  return key;
}

ForeignKey MismatchedKey() {
  const ForeignKey one = EcKeyOn("P-256"), other = EcKeyOn("P-256");
  BIGNUM* secret = nullptr;
  unsigned char point[65];
  size_t size = 0;
  TRIBUTARY_CHECK(
      EVP_PKEY_get_bn_param(one.get(), OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1 &&
          EVP_PKEY_get_octet_string_param(other.get(), OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
                                          sizeof point, &size) == 1,
      "OpenSSL shows the halves of a key");
  OSSL_PARAM_BLD* const builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, size);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, secret);
  ForeignKey key = FromParameters("EC", EVP_PKEY_KEYPAIR, builder);
  BN_clear_free(secret);
  return key;
}

std::string PrivatePem(const ForeignKey& key) {
  return Written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string EncryptedPem(const ForeignKey& key) {
  return Written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), EVP_aes_256_cbc(), "pass", 4, nullptr,
                                         nullptr);
  });
}

std::string OldEncryptedPem(const ForeignKey& key) {
  unsigned char pass[] = {'p', 'a', 's', 's'};
  return Written([&](BIO* bio) {
    return PEM_write_bio_PrivateKey_traditional(bio, key.get(), EVP_aes_256_cbc(), pass,
                                                sizeof pass, nullptr, nullptr);
  });
}

std::string SignedRequest(EVP_PKEY* key, const RequestExtensions& extensions) {
  X509_REQ* const request = X509_REQ_new();
  STACK_OF(X509_EXTENSION)* const asked = sk_X509_EXTENSION_new_null();
  for (const ExtensionHandle& extension : extensions)
    sk_X509_EXTENSION_push(asked, extension.get());
  TRIBUTARY_CHECK(
      X509_REQ_set_pubkey(request, key) == 1 &&
          (extensions.empty() || X509_REQ_add_extensions(request, asked) == 1) &&
          X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_ASC,
                                     reinterpret_cast<const unsigned char*>("evil"), 4, -1, 0) == 1,
      "OpenSSL makes a request");
  sk_X509_EXTENSION_free(asked);
  return Sign(request, key);
}

ExtensionHandle NamedExtension(int nid, const char* value) {
  ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  TRIBUTARY_CHECK(extension != nullptr, "OpenSSL knows its extensions");
  return extension;
}

std::string SignedAgain(const std::string& request, EVP_PKEY* key) {
  const auto* at = reinterpret_cast<const unsigned char*>(request.data());
  X509_REQ* const parsed = d2i_X509_REQ(nullptr, &at, static_cast<long>(request.size()));
  TRIBUTARY_CHECK(parsed, "a request was made before");
  return Sign(parsed, key);
}

}  // namespace tributary::privacy
