#pragma once
// A peer's identity on disk: a directory that only its owner may enter, with
//   tls.pem       the TLS key, then the certificates: the peer's, its issuing authority's, the root
//   identity.key  the Ed25519 key
//   roots.pem     the roots that the peer trusts
//   request.key   the TLS key of a request that no certificate answers yet, and
//   request.der   the request itself
//   coordinator   host:port, a line, for the programs that use the identity
// tls.pem is one file, so that a renewal is one rename. Times are Unix seconds. One owner at a time
// may change a directory; any thread reads it.

#include <filesystem>
#include <optional>

#include "privacy/crypto/verify.h"

namespace tributary::privacy {

struct Credentials {
  PeerIdentity identity;
  Certificate leaf;
  std::vector<Certificate> given;  // what is shown beside it: the issuing authority, the root
  std::vector<Certificate> roots;  // what is trusted
};

std::filesystem::path TlsFile(const std::filesystem::path& directory);
std::filesystem::path RootsFile(const std::filesystem::path& directory);

// The address kept beside an identity; empty where there is none.
std::string CoordinatorOf(const std::filesystem::path& directory);
Status KeepCoordinator(const std::filesystem::path& directory, std::string_view address);

// Whether there is a certificate, whatever it is worth.
bool HasCredentials(const std::filesystem::path& directory);

// NOT_FOUND where there are none; FAILED_PRECONDITION if a key can be read by others or is not the
// certificate's; else as VerifyPeer. `project` empty: the certificate's own.
Result<Credentials> OpenCredentials(const std::filesystem::path& directory, Purpose purpose,
                                    std::string_view project, int64_t now);

// A request (request.h) with the key of request.key, which is made if there is none, as is the
// identity key. So the same request can be asked again after an interruption.
Result<std::string> PrepareRequest(const std::filesystem::path& directory);

// Takes the answer to that request: a PEM chain that begins with the peer's certificate. `pin` is
// the root's key where the directory knows no roots yet. As VerifyPeer; FAILED_PRECONDITION if the
// certificate is for other keys. Nothing changes when it fails.
Result<Credentials> InstallChain(const std::filesystem::path& directory, std::string_view chain,
                                 const PeerExpectation& expected, const std::optional<Digest>& pin);

// The certificates of a chain as PEM, in order.
std::string ToPem(std::span<const Certificate> chain);

}  // namespace tributary::privacy
