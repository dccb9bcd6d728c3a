#pragma once
// Who did what, and what was decided: the coordinator's chained log (privacy/audit), in
// DIRECTORY/segment-*.jsonl. What administrators asked, who was let in and who was not, runs,
// rounds with their cohort's digest, refused updates. Never in it: weights, metrics, counts of
// examples, contents of updates, secrets. privacy-security.md 4.8.
//
//   {"action":"Admin/Control","actor":{…},"object":{…},"result":"OK",…}
//
// A line is durable when its call returns. Any thread may call.

#include <nlohmann/json_fwd.hpp>

#include "aggregation/log/log.h"
#include "coordinator/daemon/observer.h"
#include "privacy/audit/log.h"

namespace tributary::monitor {

struct Actor {
  std::string name, role;  // of its certificate; both empty: unknown, or nobody yet
  std::string serial, address;
};

class AuditTrail : public daemon::Observer {
 public:
  // FAILED_PRECONDITION while another process has it; DATA_LOSS when it is not what was written.
  static Result<std::unique_ptr<AuditTrail>> Open(const std::filesystem::path& directory, Log& log);

  // What somebody asked, and how it ended. An error: it could not be written, and the log says so;
  // whoever asked is told as well.
  Status Note(const Actor& actor, std::string_view action, const nlohmann::json& object,
              const Status& result);
  // What the coordinator did by itself.
  void Note(std::string_view action, const nlohmann::json& object);

  void Opened(const daemon::Run& run, bool is_new) override;
  void Recorded(const daemon::Run& run, std::span<const coordinator::Record> records,
                Duration took) override;
  void Rejected(const daemon::Run& run, const ClientId& client, const Error& why) override;
  void Refused(const ClientId& client, const Error& why) override;
  void Quarantined(const ClientId& client, const Error& why) override;
  void Elsewhere(const ClientId& client, std::string_view before, std::string_view now) override;
  // Noted as what somebody asked.
  void Released(const ClientId&) override {}
  // Of these the log and the journal tell enough.
  void Halted(const daemon::Run&, const Error&) override {}
  void Recovered(const daemon::Run&) override {}
  void Connected(const ClientId&, const proto::Hello&) override {}
  void Disconnected(const ClientId&) override {}
  void Failed(const daemon::Run&, const ClientId&, Reason, std::string_view) override {}

 private:
  AuditTrail(std::unique_ptr<audit::Log> chain, Log& log) : chain_(std::move(chain)), log_(log) {}
  Status Append(const nlohmann::json& fields);

  std::unique_ptr<audit::Log> chain_;
  Log& log_;
};

}  // namespace tributary::monitor
