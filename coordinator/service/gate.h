#pragma once
// Who is let in: every call comes through here before anything of it is read. The identity is the
// verified certificate's and nothing else; a certificate or an identity key on the deny list ends
// at once what it has open, and who is too slow loses it, too. Any thread.

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "coordinator/daemon/limits.h"
#include "coordinator/service/doorman.h"
#include "coordinator/service/rate_limit.h"
#include "coordinator/service/refusals.h"
#include "privacy/crypto/certificate.h"

namespace tributary::service {

// A stream that can be ended from outside.
class OpenCall {
 public:
  virtual ~OpenCall() = default;
  virtual void End(const Error& why) = 0;
  // Ends it, and says so, if its peer is too slow.
  virtual void EndIfSlow(TimePoint /*now*/) {}
};

class Gate {
 public:
  // `identity` is the coordinator's (privacy/crypto/credentials.h). Empty, without TLS: callers say
  // who they are, and the server listens on loopback only. What is given outlives the gate.
  Gate(std::string project, std::filesystem::path identity, const daemon::Limits& limits,
       monitor::AuditTrail& trail, Refusals& refusals);

  // Reads the trusted roots, anew after the first time.
  Status Reload();

  // The caller, if its certificate holds now, is not denied, and its role may call `method`
  // ("Service/Method"). UNAUTHENTICATED, PERMISSION_DENIED or RESOURCE_EXHAUSTED; refusals are
  // counted and noted.
  Result<Caller> Admit(const grpc::ServerContextBase& context, std::string_view method);

  // In the audit log: what this caller asked, and how it ended.
  Status Note(const Caller& caller, std::string_view action, const nlohmann::json& object,
              const Status& result);

  // Whether this caller may say one more thing on a stream of its own now: the rate of its calls.
  bool MaySay(const Caller& caller);
  Refusals& refusals() { return refusals_; }
  const daemon::Limits& limits() const { return limits_; }

  // Who lets connections in; it learns which of them have shown a certificate. Null: nobody.
  void SetDoorman(Doorman* doorman) { doorman_ = doorman; }

  // The whole deny list: serial numbers and identity keys, both hexadecimal.
  void Deny(std::set<std::string> denied);

  // Hears how many calls are open after each change, on any thread; null: nobody does. Before
  // calls come, or after the last one.
  void OnOpenCalls(std::function<void(size_t)> hear) { hear_open_calls_ = std::move(hear); }

  void Enter(const Caller& caller, std::weak_ptr<OpenCall> call);
  void Leave(const OpenCall* call);

 private:
  struct Known {
    Caller caller;
    int64_t not_after = 0;
  };
  Result<Caller> CallerOf(const grpc::ServerContextBase& context);
  void EndTheSlow(const std::stop_token& stop);
  Result<Known> Verify(std::string_view leaf, std::string_view chain, int64_t now) const;
  Status CheckDenied(const Caller& caller) const;

  const std::string project_;
  const std::filesystem::path identity_;  // empty: without TLS
  const daemon::Limits limits_;
  monitor::AuditTrail& trail_;
  Refusals& refusals_;
  RateLimit rate_;
  std::atomic<Doorman*> doorman_ = nullptr;
  std::function<void(size_t)> hear_open_calls_;

  mutable std::mutex mutex_;
  std::vector<privacy::Certificate> roots_;
  std::unordered_map<std::string, Known> known_;  // by the SHA-256 of the chain: verified once
  std::set<std::string> denied_;
  struct Entered {
    Caller caller;
    std::weak_ptr<OpenCall> call;
  };
  std::unordered_map<const OpenCall*, Entered> entered_;
  std::jthread watch_;  // last: it uses the others
};

}  // namespace tributary::service
