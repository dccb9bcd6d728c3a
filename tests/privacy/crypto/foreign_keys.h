#pragma once
// Keys that Tributary does not take, and requests that it does not make, made with OpenSSL
// directly.

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <vector>

#include "privacy/crypto/extension.h"

namespace tributary::privacy {

struct FreeForeignKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using ForeignKey = std::unique_ptr<EVP_PKEY, FreeForeignKey>;

ForeignKey RsaKey(int bits);
// A public key with a random number of so many bits for a modulus: making a real one takes minutes.
ForeignKey HugeRsaKey(int bits);
ForeignKey EcKeyOn(const char* curve, const char* encoding = "named_curve",
                   const char* point = "uncompressed");
ForeignKey MismatchedKey();  // P-256, the public half of another key

std::string PrivatePem(const ForeignKey& key);       // PKCS#8
std::string EncryptedPem(const ForeignKey& key);     // PKCS#8 with a passphrase
std::string OldEncryptedPem(const ForeignKey& key);  // the format before PKCS#8, with headers

using RequestExtensions = std::vector<ExtensionHandle>;
// A request as PKCS#10 that asks for the extensions, with CN=evil for a subject.
std::string SignedRequest(EVP_PKEY* key, const RequestExtensions& extensions);
// One of OpenSSL's, in the words of its configuration files.
ExtensionHandle NamedExtension(int nid, const char* value);
// The content of a request under the signature of another key.
std::string SignedAgain(const std::string& request, EVP_PKEY* key);

}  // namespace tributary::privacy
