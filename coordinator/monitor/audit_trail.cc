#include "coordinator/monitor/audit_trail.h"

#include <nlohmann/json.hpp>

#include "coordinator/daemon/run.h"

namespace tributary::monitor {

using namespace coordinator;  // NOLINT: the records
using Json = nlohmann::json;

namespace {

// Everything of a record that may be told; nothing for those that are noted otherwise or not.
Json ObjectOf(const Record& record) {
  if (const auto* opened = std::get_if<StageOpened>(&record)) {
    std::string names;
    for (const ClientId& client : opened->cohort) names += client.value + "\n";
    return {{"sequence", opened->sequence},
            {"round", opened->round},
            {"task", Name(opened->kind)},
            {"attempt", opened->attempt},
            {"cohort", Sha256(names).Hex()}};
  }
  if (const auto* closed = std::get_if<StageClosed>(&record))
    return {{"sequence", closed->sequence}};
  if (const auto* committed = std::get_if<StageCommitted>(&record))
    return {{"sequence", committed->sequence},
            {"digest", committed->digest.Hex()},
            {"charged", committed->is_charged}};
  if (const auto* abandoned = std::get_if<StageAbandoned>(&record))
    return {{"sequence", abandoned->sequence},
            {"reason", Name(abandoned->reason)},
            {"charged", abandoned->is_charged}};
  if (const auto* paused = std::get_if<RunPaused>(&record))
    return {{"reason", Name(paused->reason)}};
  if (const auto* finished = std::get_if<RunFinished>(&record))
    return {{"reason", Name(finished->reason)}};
  if (const auto* lost = std::get_if<StagesLost>(&record))
    return {{"sequence", lost->sequence}, {"charged", lost->charged}};
  if (std::holds_alternative<RunResumed>(record)) return Json::object();
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<AuditTrail>> AuditTrail::Open(const std::filesystem::path& directory,
                                                     Log& log) {
  ASSIGN_OR_RETURN(auto chain, audit::Log::Open(directory));
  if (!chain->notice().empty()) log.Warning("audit_torn", {{"detail", chain->notice()}});
  return std::unique_ptr<AuditTrail>(new AuditTrail(std::move(chain), log));
}

Status AuditTrail::Append(const Json& fields) {
  Status written = chain_->Append(fields);
  if (!written) log_.Error("audit_failed", {{"error", written.error().message}});
  return written;
}

Status AuditTrail::Note(const Actor& actor, std::string_view action, const Json& object,
                        const Status& result) {
  Json fields = {{"action", action},
                 {"object", object},
                 {"actor",
                  {{"name", actor.name},
                   {"role", actor.role},
                   {"serial", actor.serial},
                   {"address", actor.address}}},
                 {"result", CodeName(result ? Code::kOk : result.error().code)}};
  if (!result) fields["error"] = result.error().message.substr(0, kMostLogValue);
  return Append(fields);
}

void AuditTrail::Note(std::string_view action, const Json& object) {
  (void)Append({{"action", action}, {"object", object}});
}

void AuditTrail::Opened(const daemon::Run& run, bool is_new) {
  const daemon::RunSetup& setup = run.setup();
  Note(is_new ? "run_submitted" : "run_found", {{"run", setup.id.value},
                                                {"plan", setup.plan_blob.Hex()},
                                                {"method", setup.config.adapter.method},
                                                {"base", setup.config.model.digest},
                                                {"privacy", setup.config.privacy.mode},
                                                {"records", run.records().size()}});
}

void AuditTrail::Recorded(const daemon::Run& run, std::span<const Record> records, Duration) {
  for (const Record& record : records) {
    Json object = ObjectOf(record);
    if (object.is_null()) continue;
    object["run"] = run.setup().id.value;
    Note(std::visit([](const auto& r) { return r.kName; }, record), object);
  }
}

void AuditTrail::Rejected(const daemon::Run& run, const ClientId& client, const Error& why) {
  Note("update_rejected",
       {{"run", run.setup().id.value}, {"client", client.value}, {"error", why.message}});
}

void AuditTrail::Quarantined(const ClientId& client, const Error& why) {
  Note("client_quarantined", {{"client", client.value}, {"error", why.message}});
}

void AuditTrail::Elsewhere(const ClientId& client, std::string_view before, std::string_view now) {
  Note("client_elsewhere", {{"client", client.value}, {"before", before}, {"now", now}});
}

void AuditTrail::Refused(const ClientId& client, const Error& why) {
  Note("client_refused", {{"client", client.value}, {"error", why.message}});
}

}  // namespace tributary::monitor
