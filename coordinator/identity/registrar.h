#pragma once
// Who belongs to a project: invitations, certificates, revocations (privacy-security.md 4.2, 4.3).
// Everything is durable before it is answered, and every answer can be asked for again after a
// crash at either end. Times are Unix seconds. One owner, the driver's thread.

#include <functional>
#include <set>
#include <vector>

#include "aggregation/base/ids.h"
#include "coordinator/identity/authority.h"
#include "coordinator/identity/member.h"
#include "coordinator/store/state_store.h"
#include "proto/message.h"

namespace tributary::identity {

struct RegistrarOptions {
  std::string project;
  std::string enrolment;    // the address that join strings name
  std::string coordinator;  // and that of the main port
};

// What others do about it; called when it is durable.
struct RegistrarEffects {
  std::function<Status(const std::string& name, const Tags& tags)> enrolled;  // a client
  std::function<void(std::set<std::string> denied)> denied;                   // the whole list
};

// Who asks to renew: of its verified certificate.
struct Holder {
  std::string name, role, identity;
};

class Registrar {
 public:
  static Result<std::unique_ptr<Registrar>> Open(RegistrarOptions options, Issuer issuer,
                                                 store::StateStore& store,
                                                 RegistrarEffects effects);

  // Another issuing authority under the same root: it signs from now on.
  void Use(Issuer issuer) { issuer_ = std::move(issuer); }

  // --- of administrators ---
  Result<proto::Invitation> Invite(const proto::InviteRequest& request, int64_t now);
  Result<proto::IssuedChain> Sign(const proto::SignRequest& request, int64_t now);
  Status Approve(const proto::ApproveRequest& request, int64_t now);
  // The number of certificates that were revoked.
  Result<int64_t> Revoke(const proto::RevokeRequest& request, int64_t now);
  const std::vector<IssuedCertificate>& certificates() const { return certificates_; }
  const std::vector<identity::Invite>& invites() const { return invites_; }

  // --- of those who join or stay ---
  // `server_spki`: of the certificate that the peer saw; `nonce`: what this stream was greeted by.
  Result<proto::EnrolmentAnswer> Enrol(const proto::EnrolmentRequest& request,
                                       const Digest& server_spki, const Digest& nonce, int64_t now);
  Result<proto::IssuedChain> Renew(const Holder& holder, std::string_view request, int64_t now);

 private:
  Registrar(RegistrarOptions options, Issuer issuer, store::StateStore& store,
            RegistrarEffects effects)
      : options_(std::move(options)),
        issuer_(std::move(issuer)),
        store_(store),
        effects_(std::move(effects)) {}

  Status CheckMember(const std::string& name, const std::string& role, int64_t now) const;
  Result<proto::IssuedChain> Certify(const std::string& request, const std::string& name,
                                     const std::string& role, int64_t now,
                                     const Tags* enrol = nullptr);
  Result<proto::IssuedChain> Issue(const std::string& request, const std::string& name,
                                   const std::string& role, const Tags& tags, int64_t now);
  Result<proto::EnrolmentAnswer> AnswerUsed(const identity::Invite& invite, int64_t now);
  Status Prove(identity::Invite& invite, const proto::EnrolmentRequest& request,
               const Digest& server_spki, const Digest& nonce);
  Status Keep(const identity::Invite& invite);
  Status Keep(const IssuedCertificate& certificate);
  std::set<std::string> Denied() const;

  const RegistrarOptions options_;
  Issuer issuer_;
  store::StateStore& store_;
  const RegistrarEffects effects_;
  std::vector<identity::Invite> invites_;
  std::vector<IssuedCertificate> certificates_;
};

}  // namespace tributary::identity
