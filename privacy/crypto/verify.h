#pragma once
// Whether a certificate is who it says: RFC 5280's path validation by OpenSSL, strict, and then
// what is ours. No clock is asked and no name is taken from a message. Any thread.
//
// A chain has at most three certificates: the leaf, an issuing authority that names the project, a
// root. Every key is on P-256 or P-384, every signature by SHA-256 or better. The leaf is no
// authority, has the purpose and not the other one, and exactly one URI, a peer's.
//
// UNAUTHENTICATED, in words that keep these apart: expired, not yet valid (both name the times and
// point to the clock), signed by others, not for the purpose, not well formed. PERMISSION_DENIED:
// a good certificate of another project. Which role may do what is the caller's question, and so is
// revocation.

#include <cstdint>
#include <span>
#include <string>

#include "privacy/crypto/certificate.h"
#include "privacy/crypto/peer_identity.h"

namespace tributary::privacy {

struct PeerExpectation {
  std::string project;
  Purpose purpose = Purpose::kClient;
  int64_t now = 0;  // Unix seconds
};

// Against roots that are already trusted, at most kMaxBundle: several while one replaces another.
// `given` is what the peer showed beside the leaf, in any order, at most kMaxBundle.
Result<PeerIdentity> VerifyPeer(const Certificate& leaf, std::span<const Certificate> given,
                                std::span<const Certificate> roots,
                                const PeerExpectation& expected);

// Against a root of which only the key is known, from a join string: the peer shows the certificate
// itself among the given ones.
Result<PeerIdentity> VerifyPinnedPeer(const Certificate& leaf, std::span<const Certificate> given,
                                      const Digest& root_spki, const PeerExpectation& expected);

}  // namespace tributary::privacy
