// What clients send: whether it may come, what it must be, and what becomes of those who send what
// it must not be.

#include "aggregation/strategy/update.h"
#include "aggregation/tensor/safetensors.h"
#include "coordinator/daemon/federation.h"

namespace tributary::daemon {
namespace {

using coordinator::PopulationChanged;

// What an accepted update must be, beyond its digest.
Status CheckUpload(const fold::FoldPlan& plan, const ClientId& client, const Task& task,
                   const proto::Offer& offer, std::span<const std::byte> bytes) {
  if (offer.weight < 1) return InvalidArgument("a weight of {}, expected 1 or more", offer.weight);
  if (offer.metrics.size() > coordinator::kMaxMetrics)
    return InvalidArgument("{} metrics, expected at most {}", offer.metrics.size(),
                           coordinator::kMaxMetrics);
  ASSIGN_OR_RETURN(const SafetensorsContent content, ParseSafetensors(bytes, kPeerSafetensors));
  const Layout layout = fold::UploadLayout(plan, client, task);
  if (task.kind != TaskKind::kTrain) return fold::CheckStatistic(layout, content.tensors);
  return strategy::CheckUpdate(layout,
                               {client.value, offer.weight, plan.rank_of(client), content.tensors});
}

// What can be said of an upload before its first byte.
Status CheckSize(Run& run, const ClientId& client, const Task& task,
                 const proto::UploadBegin& upload) {
  if (upload.schema != proto::kSafetensorsSchema)
    return InvalidArgument("upload schema {}, expected {}", upload.schema,
                           proto::kSafetensorsSchema);
  constexpr int64_t kHeader = 64 * 1024;
  const int64_t most = fold::UploadBytes(run.folder().plan(), client, task) + kHeader;
  if (upload.size < 1 || upload.size > most)
    return InvalidArgument("an upload of {} bytes; this task has at most {}", upload.size, most);
  return {};
}

}  // namespace

Status Federation::Admits(const ClientId& client, const proto::UploadBegin& upload) const {
  const auto closed = [&](std::string_view why) {
    return MakeError(Code::kFailedPrecondition, "stage {} of run {} {}", upload.sequence,
                     upload.run.value, why);
  };
  const auto it = runs_.find(upload.run);
  if (it == runs_.end()) return closed("is not known");
  Run& run = *it->second;
  if (!TakesPart(run, client))
    return MakeError(Code::kPermissionDenied, "{} does not take part in run {}", client.value,
                     upload.run.value);
  RETURN_IF_ERROR(run.CheckLive());
  const coordinator::Stage* stage = run.state()->OpenStage();
  if (stage == nullptr || stage->task.sequence != upload.sequence) return closed("is not open");
  const coordinator::Member* member = stage->Find(client);
  if (member == nullptr)
    return MakeError(Code::kPermissionDenied, "stage {} of run {} has not asked {}",
                     upload.sequence, upload.run.value, client.value);
  if (member->outcome == Reason::kAccepted) {
    if (member->digest == upload.digest) return {};
    return MakeError(Code::kAlreadyExists, "stage {} of run {} has the update of {} already",
                     upload.sequence, upload.run.value, client.value);
  }
  if (member->outcome != Reason::kPending)
    return closed(fmt::format("does not wait for {}: {}", client.value, Name(member->outcome)));
  return CheckSize(run, client, stage->task, upload);
}

void Federation::On(const ClientId& client, const proto::Offer& message) {
  const auto it = runs_.find(message.run);
  if (it == runs_.end() || !TakesPart(*it->second, client))
    return Send(client, proto::Dismissal{message.run, message.sequence, Reason::kNotSelected});
  Offered(*it->second, client, message);
}

void Federation::Offered(Run& run, const ClientId& client, proto::Offer offer) {
  const std::optional<Task> task = run.PendingTask(client);
  const coordinator::UpdateOffered event{client, offer.sequence, offer.digest, offer.weight,
                                         offer.metrics};
  if (!task || task->sequence != offer.sequence) return run.Step(around_.Now(), event);
  // One at a time: what is said again meanwhile is answered with it.
  if (!looked_at_.insert({run.setup().id, client}).second) return;
  // Looked at on another thread; the folder lives as long as the run.
  around_.Work([this, id = run.setup().id, generation = run.generation(), client, offer, event,
                task = *task, folder = &run.folder(),
                uploads = &uploads_]() -> std::function<void()> {
    Status fits;
    if (auto blob = uploads->Read(id, offer.sequence, client, offer.digest))
      fits = CheckUpload(folder->plan(), client, task, offer, (*blob)->bytes());
    else
      fits = tl::unexpected(blob.error());
    return [this, id, generation, client, event, fits] {
      looked_at_.erase({id, client});
      const auto found = runs_.find(id);
      if (found == runs_.end() || found->second->generation() != generation) return;
      const std::optional<Task> pending = found->second->PendingTask(client);
      const bool is_pending = pending && pending->sequence == event.sequence;
      if (fits || !is_pending) return found->second->Step(around_.Now(), event);
      if (!registry_.Find(client)->quarantine) Reject(*found->second, client, fits.error());
      found->second->Step(around_.Now(),
                          coordinator::ClientFailed{client, event.sequence, Reason::kBadUpdate});
    };
  });
}

void Federation::Reject(Run& run, const ClientId& client, const Error& why) {
  Client& known = *registry_.Find(client);
  known.last_failure = why.message;
  run.SetLastFault(fmt::format("{}: {}", client.value, why.message));
  observer().Rejected(run, client, why);
  // Where it cannot be kept it holds until the next start; the runs tell of the store that fails.
  const Result<bool> is_too_much = registry_.Reject(client, around_.Now(), options_.limits);
  if (!known.quarantine || (is_too_much && !*is_too_much)) return;
  observer().Quarantined(client, why);
  EndParts(client, Reason::kBadUpdate);
}

void Federation::RejectUpload(const ClientId& client, const RunId& run, const Error& why) {
  const auto it = runs_.find(run);
  if (it == runs_.end() || registry_.Find(client) == nullptr) return;
  if (!registry_.Find(client)->quarantine) Reject(*it->second, client, why);
}

void Federation::Revoked(const ClientId& client) {
  if (registry_.Find(client) == nullptr) return;
  for (const auto& [id, run] : runs_) {
    const std::optional<Task> task = run->PendingTask(client);
    if (!task) continue;
    // Where it cannot be removed it goes with its stage.
    static_cast<void>(uploads_.DiscardOf(id, task->sequence, client));
    observer().Failed(*run, client, Reason::kFailed, "its certificate was revoked");
  }
  EndParts(client, Reason::kFailed);
}

// Nobody waits for a client in quarantine, or one whose certificate was revoked.
void Federation::EndParts(const ClientId& client, Reason reason) {
  for (const auto& [id, run] : runs_) {
    if (!TakesPart(*run, client)) continue;
    if (const std::optional<Task> task = run->PendingTask(client))
      run->Step(around_.Now(), coordinator::ClientFailed{client, task->sequence, reason});
    if (!IsThere(*run, client))
      run->Step(around_.Now(), PopulationChanged{PopulationChanged::Kind::kDisconnected, {client}});
  }
}

Status Federation::Release(const ClientId& client) {
  RETURN_IF_ERROR(registry_.Release(client));
  observer().Released(client);
  for (const auto& [id, run] : runs_)
    if (TakesPart(*run, client) && IsThere(*run, client))
      run->Step(around_.Now(), PopulationChanged{PopulationChanged::Kind::kConnected, {client}});
  return {};
}

Status Federation::CheckQuarantine(const ClientId& client) const {
  const Client* known = registry_.Find(client);
  if (known == nullptr || !known->quarantine) return {};
  return MakeError(Code::kPermissionDenied,
                   "{} updates of {} were rejected; nothing is taken from it until an "
                   "administrator says `tributary clients release {}`",
                   known->rejected.size(), client.value, client.value);
}

}  // namespace tributary::daemon
