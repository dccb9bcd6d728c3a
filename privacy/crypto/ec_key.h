#pragma once
// The private key behind a TLS certificate or an authority: ECDSA on P-256 or P-384 (FIPS 186-5).

#include <memory>
#include <string_view>

#include "aggregation/base/digest.h"
#include "privacy/crypto/secret.h"

struct evp_pkey_st;

namespace tributary::privacy {

enum class Curve { kP256, kP384 };

inline constexpr size_t kMaxKeyText = 16 << 10;

struct FreeKey {
  void operator()(evp_pkey_st* key) const;  // wipes it
};
using KeyHandle = std::unique_ptr<evp_pkey_st, FreeKey>;

// Moves, never copies. Any thread may use one that none moves.
class EcKey {
 public:
  static EcKey Generate(Curve curve);
  // One PEM block "PRIVATE KEY" (PKCS#8, RFC 5208, not encrypted) of at most kMaxKeyText bytes
  // whose public half fits. INVALID_ARGUMENT says what else it is; no error shows any of the text.
  static Result<EcKey> FromPem(std::string_view pem);
  Secret Pem() const;

  Curve curve() const { return curve_; }
  // SHA-256 of the public half as SubjectPublicKeyInfo: what pins a key.
  const Digest& spki() const { return spki_; }
  evp_pkey_st* handle() const { return key_.get(); }  // stays owned; for this folder

 private:
  EcKey(KeyHandle key, Curve curve, const Digest& spki)
      : key_(std::move(key)), curve_(curve), spki_(spki) {}
  static Result<EcKey> FromHandle(KeyHandle key);

  KeyHandle key_;
  Curve curve_;
  Digest spki_;
};

}  // namespace tributary::privacy
