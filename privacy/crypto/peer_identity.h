#pragma once
// Who a peer is: urn:tributary:PROJECT/ROLE/NAME, the one URI of its certificate. Compared byte by
// byte; there are no wildcards, no escapes and no other spelling.

#include <string>
#include <string_view>

#include "aggregation/base/name.h"

namespace tributary::privacy {

// Which end of a connection a certificate is for. One is never for both.
enum class Purpose { kClient, kServer };

struct PeerIdentity {
  std::string project;
  std::string role;  // any name: what a role may do is decided elsewhere
  std::string name;
  bool operator==(const PeerIdentity&) const = default;
  std::string Uri() const;
};

Status CheckIdentity(const PeerIdentity& identity);
Result<PeerIdentity> ParsePeerIdentity(std::string_view uri);

// urn:tributary:PROJECT, which the authorities of a project carry.
std::string ProjectUri(std::string_view project);

}  // namespace tributary::privacy
