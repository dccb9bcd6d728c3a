#pragma once
// A request for a certificate: PKCS#10 (RFC 2986) as DER, signed by the TLS key, with the Ed25519
// key and its signature as requested extensions. So whoever made it holds both keys. It asks for
// nothing else: subject and extensions beside these two are read by nobody.

#include <string>
#include <string_view>

#include "aggregation/base/digest.h"
#include "privacy/crypto/ec_key.h"
#include "privacy/crypto/identity_key.h"

namespace tributary::privacy {

inline constexpr size_t kMaxRequest = 16 << 10;

// The extension with the signature of the identity key: an OCTET STRING of 64 bytes, over
// "tributary certificate request 1\n" and the SubjectPublicKeyInfo of the TLS key.
inline constexpr char kIdentityProofOid[] = "1.3.6.1.4.1.58888.1.2";

// What a request proved. Only ParseRequest fills it.
struct CertificateRequest {
  std::string public_key;  // of the TLS key, SubjectPublicKeyInfo
  Digest spki;             // its SHA-256
  IdentityPublicKey identity{};
  Digest digest;  // SHA-256 of the request
};

std::string MakeRequest(const EcKey& key, const IdentityKey& identity);

// At most kMaxRequest bytes. INVALID_ARGUMENT if it is no request, if its key is not on P-256 or
// P-384, or if one of the two signatures does not hold.
Result<CertificateRequest> ParseRequest(std::string_view der);

// As a file: one PEM block "CERTIFICATE REQUEST".
std::string RequestToPem(std::string_view der);
Result<std::string> RequestFromPem(std::string_view pem);

}  // namespace tributary::privacy
