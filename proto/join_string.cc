#include "proto/join_string.h"

#include <algorithm>
#include <charconv>

#include "privacy/crypto/encoding.h"
#include "privacy/crypto/host.h"
#include "privacy/crypto/peer_identity.h"
#include "privacy/crypto/secret.h"

namespace tributary::proto {
namespace {

constexpr std::string_view kStart = "TRIBJOIN1.";
constexpr size_t kDigits = 8;

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && at == end && text.front() != '0' && port <= 65535;
}

bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos || !IsPort(text.substr(colon + 1))) return false;
  const std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const std::string address(host.substr(1, host.size() - 2));
    return address.find(':') != address.npos && privacy::IsIpAddress(address);
  }
  return host.find(':') == host.npos &&
         (privacy::IsHostName(host) || privacy::IsIpAddress(std::string(host)));
}

Status Check(const JoinInvitation& invitation) {
  if (!IsAddress(invitation.address))
    return InvalidArgument("address of {} bytes is not of the form HOST:PORT",
                           invitation.address.size());
  RETURN_IF_ERROR(CheckName("project", invitation.project));
  return CheckName("invite id", invitation.invite_id);
}

void PutText(std::string& to, std::string_view text) {
  to += static_cast<char>(text.size() >> 8);
  to += static_cast<char>(text.size() & 0xff);
  to += text;
}

// In the order that the header says. Holds the secret.
std::string Body(const JoinInvitation& invitation) {
  std::string body;
  body.reserve(kMaxJoinString);  // so that no copy of the secret stays behind
  PutText(body, invitation.address);
  PutText(body, invitation.project);
  PutText(body, invitation.invite_id);
  body.append(invitation.root_spki.bytes.begin(), invitation.root_spki.bytes.end());
  for (const std::byte byte : invitation.secret) body += static_cast<char>(byte);
  return body;
}

// Takes bytes from the front. Once too few are left, nothing more is taken.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::string_view Take(size_t size) {
    if (size > rest_.size()) failed_ = true;
    const std::string_view taken = rest_.substr(0, failed_ ? 0 : size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view TakeText() {
    const std::string_view size = Take(2);
    if (failed_) return {};
    return Take(static_cast<size_t>(static_cast<unsigned char>(size[0])) << 8 |
                static_cast<unsigned char>(size[1]));
  }
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

Result<JoinInvitation> ReadBody(std::string_view body) {
  Reader reader(body);
  JoinInvitation invitation;
  invitation.address = reader.TakeText();
  invitation.project = reader.TakeText();
  invitation.invite_id = reader.TakeText();
  const std::string_view root = reader.Take(invitation.root_spki.bytes.size());
  const std::string_view secret = reader.Take(invitation.secret.size());
  if (!reader.done())
    return InvalidArgument("its {} bytes do not hold what an invitation holds", body.size());
  std::copy(root.begin(), root.end(), invitation.root_spki.bytes.begin());
  std::transform(secret.begin(), secret.end(), invitation.secret.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  RETURN_IF_ERROR(Check(invitation));
  return invitation;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Result<JoinInvitation> Read(std::string_view text) {
  if (text.size() > kMaxJoinString)
    return InvalidArgument("has {} characters, expected at most {}", text.size(), kMaxJoinString);
  if (text.substr(0, kStart.size()) != kStart)
    return InvalidArgument("does not begin with {}", kStart);
  const size_t dot = text.rfind('.');
  if (dot < kStart.size() || text.size() - dot - 1 != kDigits)
    return InvalidArgument("was cut or mistyped: it does not end with a dot and {} check digits",
                           kDigits);
  if (fmt::format("{:08x}", privacy::Crc32(text.substr(0, dot))) != text.substr(dot + 1))
    return InvalidArgument("was cut or mistyped: its check digits do not match");
  ASSIGN_OR_RETURN(std::string body,
                   privacy::FromBase64Url(text.substr(kStart.size(), dot - kStart.size())));
  auto invitation = ReadBody(body);
  privacy::Wipe(body);
  return invitation;
}

}  // namespace

JoinInvitation::~JoinInvitation() { privacy::Wipe(secret); }

Result<std::string> EncodeJoinString(const JoinInvitation& invitation) {
  const Status checked = Check(invitation);
  if (!checked) return Annotate(checked.error(), "join string");
  std::string body = Body(invitation);
  std::string encoded = privacy::ToBase64Url(body);
  std::string text;
  text.reserve(kMaxJoinString);
  text += kStart;
  text += encoded;
  text += fmt::format(".{:08x}", privacy::Crc32(text));
  privacy::Wipe(body);
  privacy::Wipe(encoded);
  return text;
}

Result<JoinInvitation> DecodeJoinString(std::string_view text) {
  auto invitation = Read(Trimmed(text));
  if (!invitation) return Annotate(std::move(invitation).error(), "the join string");
  return invitation;
}

}  // namespace tributary::proto
