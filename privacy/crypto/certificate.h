#pragma once
// What a certificate (X.509 version 3, RFC 5280) says. Reading one proves nothing: `verify.h` does.
//
// Taken: the bytes are DER, the public key is on P-256 or P-384, the serial number is positive and
// has at most 20 bytes, extensions are well formed and there once, names are at most 64, each of 1
// to 255 bytes of printable ASCII (so nothing hides behind a NUL). Everything else is
// INVALID_ARGUMENT, which says what. Any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/base/digest.h"
#include "privacy/crypto/ec_key.h"
#include "privacy/crypto/identity_key.h"

namespace tributary::privacy {

inline constexpr size_t kMaxCertificateText = 64 << 10;
inline constexpr size_t kMaxBundle = 8;
inline constexpr size_t kMaxNames = 64;

// The extension with a peer's Ed25519 key: an OCTET STRING of 32 bytes, not critical. The number is
// private to the project: it is registered nowhere and means this only below a Tributary root.
inline constexpr char kIdentityKeyOid[] = "1.3.6.1.4.1.58888.1.1";

// Plain data, all of it read from `der`. Only the functions below fill it.
struct Certificate {
  std::string der;
  std::string serial;  // lower-case hexadecimal, whole bytes
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // as inet_ntop writes them
  int64_t not_before = 0;                 // Unix seconds, the first at which it is valid
  int64_t not_after = 0;                  // the first at which it has expired
  bool is_ca = false;
  std::optional<int64_t> path_length;
  bool client_auth = false;  // the extended key usages that are there by name
  bool server_auth = false;
  Curve curve = Curve::kP256;
  Digest spki;         // SHA-256 of SubjectPublicKeyInfo: the key's name, whoever certified it
  Digest fingerprint;  // SHA-256 of `der`, for people to compare. No deny list may rest on it: a
                       // signature by ECDSA can be rewritten without the key.
  std::optional<IdentityPublicKey> identity;

  std::string Pem() const;
  // For messages: the first URI, else the serial number.
  std::string Name() const;
};

Result<Certificate> CertificateFromDer(std::string_view der);
// Exactly one.
Result<Certificate> CertificateFromPem(std::string_view pem);
// At least one and at most kMaxBundle, in the order of the text.
Result<std::vector<Certificate>> CertificatesFromPem(std::string_view pem);

}  // namespace tributary::privacy
