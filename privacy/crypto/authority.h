#pragma once
// A project's authorities and the certificates that they issue. Times are arguments, Unix seconds.
//
//   root      P-384, 10 years, offline; what join strings pin
//   issuing   P-256, 1 year, path length 0, with a coordinator; URI urn:tributary:PROJECT
//   leaf      the peer's key; URI urn:tributary:PROJECT/ROLE/NAME, no subject, client or server
//
// An issuing authority is bound to its project by its URI, which `verify.h` compares with the
// leaf's. The name constraints of RFC 5280 cannot do that: for URIs they are about hosts, `urn:`
// has none, and OpenSSL then refuses every name (unsupported name syntax).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "privacy/crypto/certificate.h"
#include "privacy/crypto/peer_identity.h"
#include "privacy/crypto/request.h"

namespace tributary::privacy {

inline constexpr int64_t kDay = 86400;
inline constexpr int64_t kRootSeconds = 3650 * kDay;
inline constexpr int64_t kIssuerSeconds = 365 * kDay;

// A key with the certificate that lets it sign others. Any thread may use one that none moves.
struct Authority {
  EcKey key;
  Certificate certificate;
};

// Puts together what was read from files. FAILED_PRECONDITION unless the certificate is an
// authority's and for this key.
Result<Authority> JoinAuthority(EcKey key, Certificate certificate);

// INVALID_ARGUMENT for names or times that cannot be; FAILED_PRECONDITION, naming both times, if a
// certificate would outlive the one that signs it.
Result<Authority> MakeRoot(std::string_view project, int64_t not_before);
Result<Authority> MakeIssuer(const Authority& root, std::string_view project, int64_t not_before);

struct LeafProfile {
  PeerIdentity identity;
  Purpose purpose = Purpose::kClient;
  int64_t not_before = 0;
  int64_t seconds = 0;
  // Where a server is found; a client has none. Host names without wildcards, literal addresses.
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
};

// The issuer must be of the profile's project (PERMISSION_DENIED). From the request come the two
// keys and nothing else. The serial number is 128 random bits.
Result<Certificate> IssueLeaf(const Authority& issuer, const CertificateRequest& request,
                              const LeafProfile& profile);

}  // namespace tributary::privacy
