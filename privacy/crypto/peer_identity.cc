#include "privacy/crypto/peer_identity.h"

namespace tributary::privacy {
namespace {

constexpr std::string_view kStart = "urn:tributary:";

}  // namespace

std::string PeerIdentity::Uri() const {
  return fmt::format("{}{}/{}/{}", kStart, project, role, name);
}

Status CheckIdentity(const PeerIdentity& identity) {
  RETURN_IF_ERROR(CheckName("project", identity.project));
  RETURN_IF_ERROR(CheckName("role", identity.role));
  return CheckName("name", identity.name);
}

Result<PeerIdentity> ParsePeerIdentity(std::string_view uri) {
  const size_t first = uri.find('/');
  const size_t second = first == uri.npos ? uri.npos : uri.find('/', first + 1);
  if (uri.substr(0, kStart.size()) != kStart || second == uri.npos)
    return InvalidArgument("peer identity: is not of the form {}PROJECT/ROLE/NAME", kStart);
  PeerIdentity identity{std::string(uri.substr(kStart.size(), first - kStart.size())),
                        std::string(uri.substr(first + 1, second - first - 1)),
                        std::string(uri.substr(second + 1))};
  const Status checked = CheckIdentity(identity);
  if (!checked) return Annotate(checked.error(), "peer identity");
  return identity;
}

std::string ProjectUri(std::string_view project) { return fmt::format("{}{}", kStart, project); }

}  // namespace tributary::privacy
