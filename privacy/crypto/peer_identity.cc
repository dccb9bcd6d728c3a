#include "privacy/crypto/peer_identity.h"

#include <algorithm>

namespace tributary::privacy {
namespace {

constexpr std::string_view kStart = "urn:tributary:";
constexpr size_t kMaxName = 64;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

Status CheckName(std::string_view what, std::string_view name) {
  if (IsName(name)) return {};
  // The name itself may hold anything, so it is not shown.
  return InvalidArgument(
      "{}: {} bytes that are no name, expected 1 to {} of A-Z a-z 0-9 . _ - without . in front",
      what, name.size(), kMaxName);
}

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
