#pragma once
// Which public keys certificates and requests may hold. For the sources of this folder.

#include <string>
#include <string_view>

#include "aggregation/base/status.h"
#include "privacy/crypto/ec_key.h"

struct evp_md_st;

namespace tributary::privacy {

// SubjectPublicKeyInfo (RFC 5480) in the one form that we take: a named curve, P-256 or P-384, and
// an uncompressed point, so that one key has one digest.
struct PublicKey {
  Curve curve = Curve::kP256;
  std::string der;
};

// INVALID_ARGUMENT names what was found instead, or that OpenSSL found no key (null). The point
// lies on the curve. Within an ErrorScope of the caller.
Result<PublicKey> ReadPublicKey(const evp_pkey_st* key);

// The hash that goes with the curve in signatures: SHA-256 or SHA-384.
const evp_md_st* SignatureDigest(Curve curve);

}  // namespace tributary::privacy
