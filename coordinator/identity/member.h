#pragma once
// What the store keeps of invitations and certificates, each as a fact of the project: plain values
// and their JSON. Times are Unix seconds.

#include <string>
#include <string_view>

#include "coordinator/daemon/tags.h"

namespace tributary::identity {

using daemon::Tags;

// Where an invitation stands. Only an open one can be used; its secret is erased when it leaves
// that state.
enum class InviteState { kOpen, kPending, kDeclined, kUsed, kExpired, kBurned, kWithdrawn };
std::string_view Name(InviteState state);

struct Invite {
  std::string id, name, role;
  Tags tags;
  int64_t expires = 0;
  bool approve = false;  // an administrator looks at the request before it is answered
  InviteState state = InviteState::kOpen;
  std::string sealed;  // the secret (seal.h), base64url
  int64_t failures = 0;
  std::string request;  // that used it: PKCS#10, base64url
};

struct IssuedCertificate {
  std::string serial, name, role;
  std::string identity;  // Ed25519 key, hexadecimal
  std::string request;   // SHA-256 of the request that it answers, hexadecimal
  std::string chain;     // PEM
  int64_t not_before = 0, not_after = 0;
  int64_t revoked_at = 0;  // 0: it was not
  std::string why;         // of the revocation
};

std::string ToJson(const Invite& invite);
std::string ToJson(const IssuedCertificate& certificate);
// DATA_LOSS names `key`.
Result<Invite> InviteFromJson(std::string_view key, std::string_view text);
Result<IssuedCertificate> CertificateFromJson(std::string_view key, std::string_view text);

}  // namespace tributary::identity
