#pragma once
// Who is let in: every call comes through here before anything of it is read. The identity is the
// verified certificate's and nothing else; a certificate or an identity key on the deny list ends
// at once what it has open. Any thread.

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>

#include "coordinator/monitor/audit_trail.h"
#include "coordinator/service/caller.h"
#include "coordinator/service/rate_limit.h"
#include "privacy/crypto/certificate.h"

namespace tributary::service {

// A stream that can be ended from outside.
class OpenCall {
 public:
  virtual ~OpenCall() = default;
  virtual void End(const Error& why) = 0;
};

class Gate {
 public:
  // `identity` is the coordinator's (privacy/crypto/credentials.h). Empty, without TLS: callers say
  // who they are, and the server listens on loopback only. The trail outlives the gate.
  Gate(std::string project, std::filesystem::path identity, monitor::AuditTrail& trail)
      : project_(std::move(project)), identity_(std::move(identity)), trail_(trail) {}

  // Reads the trusted roots, anew after the first time.
  Status Reload();

  // The caller, if its certificate holds now, is not denied, and its role may call `method`
  // ("Service/Method"). UNAUTHENTICATED, PERMISSION_DENIED or RESOURCE_EXHAUSTED. Who is refused is
  // noted, now and then where it happens often.
  Result<Caller> Admit(const grpc::ServerContextBase& context, std::string_view method);

  // In the audit log: what this caller asked, and how it ended.
  Status Note(const Caller& caller, std::string_view action, const nlohmann::json& object,
              const Status& result);

  // The whole deny list: serial numbers and identity keys, both hexadecimal.
  void Deny(std::set<std::string> denied);

  void Enter(const Caller& caller, std::weak_ptr<OpenCall> call);
  void Leave(const OpenCall* call);

 private:
  struct Known {
    Caller caller;
    int64_t not_after = 0;
  };
  Result<Caller> CallerOf(const grpc::ServerContextBase& context);
  Status MayCall(const Caller& caller, std::string_view method);
  void NoteRefused(const Caller& caller, std::string_view method, const Error& why);
  Result<Known> Verify(std::string_view leaf, std::string_view chain, int64_t now) const;
  Status CheckDenied(const Caller& caller) const;

  const std::string project_;
  const std::filesystem::path identity_;  // empty: without TLS
  monitor::AuditTrail& trail_;
  RateLimit rate_{20, 100};
  RateLimit refusals_{1.0 / 60, 3}, all_refusals_{1, 30};  // that are noted: of a caller, of all
  std::atomic<int64_t> not_noted_ = 0;

  mutable std::mutex mutex_;
  std::vector<privacy::Certificate> roots_;
  std::unordered_map<std::string, Known> known_;  // by the SHA-256 of the chain: verified once
  std::set<std::string> denied_;
  struct Entered {
    Caller caller;
    std::weak_ptr<OpenCall> call;
  };
  std::unordered_map<const OpenCall*, Entered> entered_;
};

}  // namespace tributary::service
