#include "coordinator/identity/registrar.h"

#include <algorithm>

#include "aggregation/base/name.h"
#include "privacy/crypto/encoding.h"
#include "privacy/crypto/random.h"
#include "proto/enrolment_proof.h"
#include "proto/join_string.h"

namespace tributary::identity {
namespace {

constexpr std::string_view kInvite = "invite/", kCertificate = "certificate/";
constexpr int64_t kMostFailures = 20;
constexpr int64_t kMostAtOnce = 8;  // certificates of one holder that are valid
constexpr int64_t kDefaultLife = privacy::kDay, kMostLife = 30 * privacy::kDay;

std::string Context(const Invite& invite) { return "tributary invite " + invite.id; }

std::string RandomName() {
  std::array<std::byte, 12> bytes;
  privacy::SecureRandomBytes(bytes);
  std::string name;
  for (const std::byte byte : bytes) name += fmt::format("{:02x}", byte);
  return name;
}

std::array<std::byte, 32> Array(const Digest& digest) {
  std::array<std::byte, 32> bytes;
  std::copy_n(reinterpret_cast<const std::byte*>(digest.bytes.data()), 32, bytes.begin());
  return bytes;
}

// The answer to that request, given before.
bool IsFor(const IssuedCertificate& known, const std::string& request, const std::string& name,
           const std::string& role) {
  return known.request == request && known.name == name && known.role == role &&
         known.revoked_at == 0;
}

tl::unexpected<Error> NotGood(const Invite& invite) {
  return MakeError(Code::kFailedPrecondition, "this invitation is {}: ask for another one",
                   Name(invite.state));
}

}  // namespace

Result<std::unique_ptr<Registrar>> Registrar::Open(RegistrarOptions options, Issuer issuer,
                                                   store::StateStore& store,
                                                   RegistrarEffects effects) {
  auto registrar = std::unique_ptr<Registrar>(
      new Registrar(std::move(options), std::move(issuer), store, std::move(effects)));
  ASSIGN_OR_RETURN(const store::Facts invites, store.List(daemon::kProject, kInvite));
  for (const auto& [key, text] : invites) {
    ASSIGN_OR_RETURN(identity::Invite invite, InviteFromJson(key, text));
    registrar->invites_.push_back(std::move(invite));
  }
  ASSIGN_OR_RETURN(const store::Facts certificates, store.List(daemon::kProject, kCertificate));
  for (const auto& [key, text] : certificates) {
    ASSIGN_OR_RETURN(IssuedCertificate certificate, CertificateFromJson(key, text));
    registrar->certificates_.push_back(std::move(certificate));
  }
  registrar->effects_.denied(registrar->Denied());
  return registrar;
}

Status Registrar::Keep(const identity::Invite& invite) {
  return store_.Put(daemon::kProject, std::string(kInvite) + invite.id, ToJson(invite));
}
Status Registrar::Keep(const IssuedCertificate& certificate) {
  return store_.Put(daemon::kProject, std::string(kCertificate) + certificate.serial,
                    ToJson(certificate));
}

std::set<std::string> Registrar::Denied() const {
  std::set<std::string> denied;
  for (const IssuedCertificate& certificate : certificates_) {
    if (certificate.revoked_at == 0) continue;
    denied.insert(certificate.serial);
    denied.insert(certificate.identity);
  }
  return denied;
}

// --- of administrators ---

Status Registrar::CheckMember(const std::string& name, const std::string& role, int64_t now) const {
  RETURN_IF_ERROR(CheckName("name", name));
  RETURN_IF_ERROR(CheckName("role", role));
  for (const IssuedCertificate& known : certificates_)
    if (known.name == name && known.role == role && known.revoked_at == 0 && known.not_after > now)
      return MakeError(Code::kAlreadyExists,
                       "{} {} has a certificate already; revoke it first if its keys are lost",
                       role, name);
  return {};
}

Result<proto::Invitation> Registrar::Invite(const proto::InviteRequest& request, int64_t now) {
  RETURN_IF_ERROR(CheckMember(request.name, request.role, now));
  identity::Invite invite;
  ASSIGN_OR_RETURN(invite.tags, daemon::ReadTags(request.tags));
  const int64_t life = std::chrono::duration_cast<std::chrono::seconds>(request.life).count();
  if (life < 0 || life > kMostLife)
    return InvalidArgument("life = {}s: an invitation lasts 30 days at most", life);
  proto::JoinInvitation join;
  join.address = options_.enrolment;
  join.project = options_.project;
  join.root_spki = issuer_.root().spki;
  join.invite_id = invite.id = RandomName();
  privacy::SecureRandomBytes(join.secret);
  invite.name = request.name;
  invite.role = request.role;
  invite.expires = now + (life == 0 ? kDefaultLife : life);
  invite.approve = request.approve;
  const std::string_view secret(reinterpret_cast<const char*>(join.secret.data()),
                                join.secret.size());
  ASSIGN_OR_RETURN(const std::string sealed,
                   privacy::Seal(issuer_.state_key(), Context(invite), secret));
  invite.sealed = privacy::ToBase64Url(sealed);
  ASSIGN_OR_RETURN(std::string text, proto::EncodeJoinString(join));
  for (identity::Invite& older : invites_) {
    if (older.name != invite.name || older.role != invite.role || older.state != InviteState::kOpen)
      continue;
    older.state = InviteState::kWithdrawn;
    older.sealed.clear();
    RETURN_IF_ERROR(Keep(older));
  }
  RETURN_IF_ERROR(Keep(invite));
  const TimePoint expires{std::chrono::seconds(invite.expires)};
  invites_.push_back(std::move(invite));
  return proto::Invitation{std::move(text), expires};
}

Result<proto::IssuedChain> Registrar::Sign(const proto::SignRequest& request, int64_t now) {
  const std::string digest = Sha256(request.request.value).Hex();
  for (const IssuedCertificate& known : certificates_)
    if (IsFor(known, digest, request.name, request.role))
      return proto::IssuedChain{{known.chain}, options_.coordinator};
  RETURN_IF_ERROR(CheckMember(request.name, request.role, now));
  ASSIGN_OR_RETURN(const Tags tags, daemon::ReadTags(request.tags));
  return Issue(request.request.value, request.name, request.role, tags, now);
}

Status Registrar::Approve(const proto::ApproveRequest& request, int64_t now) {
  for (identity::Invite& invite : invites_) {
    if (invite.name != request.name || invite.role != request.role ||
        invite.state != InviteState::kPending)
      continue;
    invite.state = request.approve ? InviteState::kUsed : InviteState::kDeclined;
    RETURN_IF_ERROR(Keep(invite));
    if (request.approve) RETURN_IF_ERROR(AnswerUsed(invite, now));
    return {};
  }
  return MakeError(Code::kNotFound, "no request of a {} {} waits for approval", request.role,
                   request.name);
}

Result<int64_t> Registrar::Revoke(const proto::RevokeRequest& request, int64_t now) {
  int64_t revoked = 0;
  for (IssuedCertificate& known : certificates_) {
    if (known.name != request.name || known.role != request.role || known.revoked_at != 0) continue;
    known.revoked_at = now;
    known.why = request.why;
    RETURN_IF_ERROR(Keep(known));
    ++revoked;
  }
  effects_.denied(Denied());
  for (identity::Invite& invite : invites_) {
    if (invite.name != request.name || invite.role != request.role ||
        (invite.state != InviteState::kOpen && invite.state != InviteState::kPending))
      continue;
    invite.state = InviteState::kWithdrawn;
    invite.sealed.clear();
    RETURN_IF_ERROR(Keep(invite));
    ++revoked;
  }
  if (revoked == 0)
    return MakeError(Code::kNotFound, "no {} {} has a certificate or an invitation", request.role,
                     request.name);
  return revoked;
}

// --- of those who join or stay ---

Result<proto::IssuedChain> Registrar::Certify(const std::string& request, const std::string& name,
                                              const std::string& role, int64_t now,
                                              const Tags* enrol) {
  ASSIGN_OR_RETURN(const Issuer::Issued issued, issuer_.Issue(request, name, role, {}, now));
  IssuedCertificate certificate{issued.leaf.serial,
                                name,
                                role,
                                privacy::Hex(*issued.leaf.identity),
                                Sha256(request).Hex(),
                                issued.chain,
                                issued.leaf.not_before,
                                issued.leaf.not_after};
  if (Denied().contains(certificate.identity))
    return MakeError(Code::kPermissionDenied,
                     "the identity key of this request was revoked; join with a new one, in an "
                     "empty directory");
  // The certificate last: who asks again is given the one that is kept.
  if (enrol != nullptr) RETURN_IF_ERROR(effects_.enrolled(name, *enrol));
  RETURN_IF_ERROR(Keep(certificate));
  certificates_.push_back(std::move(certificate));
  return proto::IssuedChain{{issued.chain}, options_.coordinator};
}

Result<proto::IssuedChain> Registrar::Issue(const std::string& request, const std::string& name,
                                            const std::string& role, const Tags& tags,
                                            int64_t now) {
  return Certify(request, name, role, now, role == "client" ? &tags : nullptr);
}

Result<proto::EnrolmentAnswer> Registrar::AnswerUsed(const identity::Invite& invite, int64_t now) {
  if (invite.state == InviteState::kPending)
    return proto::EnrolmentAnswer{
        proto::EnrolmentPending{"an administrator has still to approve this request"}};
  if (invite.state != InviteState::kUsed) return NotGood(invite);
  ASSIGN_OR_RETURN(const std::string request, privacy::FromBase64Url(invite.request));
  const std::string digest = Sha256(request).Hex();
  for (const IssuedCertificate& known : certificates_)
    if (IsFor(known, digest, invite.name, invite.role))
      return proto::EnrolmentAnswer{proto::IssuedChain{{known.chain}, options_.coordinator}};
  ASSIGN_OR_RETURN(proto::IssuedChain chain,
                   Issue(request, invite.name, invite.role, invite.tags, now));
  return proto::EnrolmentAnswer{std::move(chain)};
}

Status Registrar::Prove(identity::Invite& invite, const proto::EnrolmentRequest& request,
                        const Digest& server_spki, const Digest& nonce) {
  ASSIGN_OR_RETURN(const std::string sealed, privacy::FromBase64Url(invite.sealed));
  ASSIGN_OR_RETURN(const privacy::Secret secret,
                   privacy::Unseal(issuer_.state_key(), Context(invite), sealed));
  std::array<std::byte, 32> key{};
  std::copy_n(secret.bytes().begin(), std::min(secret.size(), key.size()), key.begin());
  const privacy::Mac expected = proto::EnrolmentProof(
      key, server_spki, Array(nonce), Array(request.client_nonce), Sha256(request.request.value));
  privacy::Wipe(key);
  if (expected == privacy::Mac{Array(request.proof)}) return {};
  if (++invite.failures >= kMostFailures) {
    invite.state = InviteState::kBurned;
    invite.sealed.clear();
  }
  RETURN_IF_ERROR(Keep(invite));
  return MakeError(Code::kUnauthenticated, "the invitation's secret was not proved");
}

Result<proto::EnrolmentAnswer> Registrar::Enrol(const proto::EnrolmentRequest& request,
                                                const Digest& server_spki, const Digest& nonce,
                                                int64_t now) {
  const auto it = std::find_if(invites_.begin(), invites_.end(),
                               [&](const auto& invite) { return invite.id == request.invite; });
  if (it == invites_.end())
    return MakeError(Code::kUnauthenticated, "no such invitation in project {}", options_.project);
  identity::Invite& invite = *it;
  if (invite.request == privacy::ToBase64Url(request.request.value) && !invite.request.empty())
    return AnswerUsed(invite, now);
  if (invite.state == InviteState::kOpen && invite.expires <= now) {
    invite.state = InviteState::kExpired;
    invite.sealed.clear();
    RETURN_IF_ERROR(Keep(invite));
  }
  if (invite.state != InviteState::kOpen) return NotGood(invite);
  RETURN_IF_ERROR(Prove(invite, request, server_spki, nonce));
  RETURN_IF_ERROR(privacy::ParseRequest(request.request.value));
  identity::Invite used = invite;  // before anything is issued
  used.state = invite.approve ? InviteState::kPending : InviteState::kUsed;
  used.sealed.clear();
  used.request = privacy::ToBase64Url(request.request.value);
  RETURN_IF_ERROR(Keep(used));
  invite = std::move(used);
  return AnswerUsed(invite, now);
}

Result<proto::IssuedChain> Registrar::Renew(const Holder& holder, std::string_view request,
                                            int64_t now) {
  ASSIGN_OR_RETURN(const auto parsed, privacy::ParseRequest(request));
  if (privacy::Hex(parsed.identity) != holder.identity)
    return MakeError(Code::kPermissionDenied,
                     "the request is signed by another identity key than the certificate's");
  const std::string digest = parsed.digest.Hex();
  for (const IssuedCertificate& known : certificates_)
    if (IsFor(known, digest, holder.name, holder.role))
      return proto::IssuedChain{{known.chain}, options_.coordinator};
  const auto valid = std::count_if(certificates_.begin(), certificates_.end(), [&](const auto& c) {
    return c.name == holder.name && c.role == holder.role && c.not_after > now;
  });
  if (valid >= kMostAtOnce)
    return MakeError(Code::kResourceExhausted, "{} {} has {} valid certificates already",
                     holder.role, holder.name, valid);
  return Certify(std::string(request), holder.name, holder.role, now);
}

}  // namespace tributary::identity
