#pragma once
// Who is let in: every call comes through here before anything of it is read. The identity is the
// verified certificate's and nothing else; a certificate or an identity key on the deny list ends
// at once what it has open. Any thread.

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>

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
  // who they are, and the server listens on loopback only.
  Gate(std::string project, std::filesystem::path identity)
      : project_(std::move(project)), identity_(std::move(identity)) {}

  // Reads the trusted roots, anew after the first time.
  Status Reload();

  // The caller, if its certificate holds now, is not denied, and its role may call `method`
  // ("Service/Method"). UNAUTHENTICATED, PERMISSION_DENIED or RESOURCE_EXHAUSTED.
  Result<Caller> Admit(const grpc::ServerContextBase& context, std::string_view method);

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
  Result<Known> Verify(std::string_view leaf, std::string_view chain, int64_t now) const;
  Status CheckDenied(const Caller& caller) const;

  const std::string project_;
  const std::filesystem::path identity_;  // empty: without TLS
  RateLimit rate_{20, 100};

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
