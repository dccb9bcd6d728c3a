#pragma once
// Keys that Tributary does not take, made with OpenSSL directly.

#include <openssl/evp.h>

#include <memory>
#include <string>

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

// A request as PKCS#10 for the key, signed by it, without extensions.
std::string PlainRequest(const ForeignKey& key);

}  // namespace tributary::privacy
