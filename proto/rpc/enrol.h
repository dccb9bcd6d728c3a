#pragma once
// Asking for a certificate. Blocking.

#include "proto/join_string.h"
#include "proto/rpc/channel.h"

namespace tributary::rpc {

// With an invitation, for a request of PrepareRequest: IssuedChain, or EnrolmentPending where an
// administrator has still to approve; the same request may be asked again until there is an answer.
// The server proves the root key that the invitation names before it learns anything.
Result<proto::EnrolmentAnswer> Enrol(const proto::JoinInvitation& invitation,
                                     const std::string& request, const std::string& proxy);

// A new certificate for a new TLS key, by the old one; installs it in the identity's directory.
Result<privacy::Credentials> Renew(Channel& channel, const std::filesystem::path& identity);

}  // namespace tributary::rpc
