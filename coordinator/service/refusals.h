#pragma once
// Every call, connection or upload that is refused: counted by reason, and told in the log and the
// audit log, where a flood of them is a few lines a minute. Any thread may call.

#include <array>
#include <atomic>

#include "aggregation/log/log.h"
#include "coordinator/monitor/audit_trail.h"
#include "coordinator/service/caller.h"
#include "coordinator/service/rate_limit.h"

namespace tributary::service {

// Bounded: labels of tributary_refused_total. The words never change.
enum class Refusal {
  kConnections,  // too many strangers, or a port that nobody may speak to so often
  kHandshake,    // ended before it had shown a certificate and called
  kCertificate,  // none, expired, revoked, of another project
  kRole,         // not what this role may call
  kRate,         // too often
  kMalformed,    // not what the protocol says
  kSlow,         // did not send or read in time
  kUploads,      // too many at once
  kQuota,        // no disk left for uploads
  kNotAsked,     // an upload that no open stage waits for from this client
  kConflict,     // other bytes under the same task, or a wrong digest
  kQuarantine,   // of a client with too many rejected updates
};
inline constexpr std::array<std::string_view, 12> kRefusals = {
    "connections", "handshake", "certificate", "role",      "rate",     "malformed",
    "slow",        "uploads",   "quota",       "not_asked", "conflict", "quarantine"};

class Refusals {
 public:
  // Both outlive the object.
  Refusals(Log& log, monitor::AuditTrail& trail) : log_(log), trail_(trail) {}

  // `what` was asked: "Service/Method", or "connection".
  void Add(Refusal reason, const Caller& caller, std::string_view what, const Error& why) {
    Count(reason);
    Tell(reason, caller, what, why);
  }
  // The two halves: the first before the caller learns of it, the second may wait for a disk.
  void Count(Refusal reason) { ++counts_[static_cast<size_t>(reason)]; }
  void Tell(Refusal reason, const Caller& caller, std::string_view what, const Error& why);
  // By reason, since the start.
  std::vector<std::pair<std::string_view, int64_t>> counts() const;

 private:
  Log& log_;
  monitor::AuditTrail& trail_;
  std::array<std::atomic<int64_t>, kRefusals.size()> counts_{};
  RateLimit told_of_{1.0 / 60, 3}, told_{1, 30};  // of one caller for one reason, of all
  std::atomic<int64_t> untold_ = 0;
};

}  // namespace tributary::service
