#include "coordinator/daemon/federation.h"

#include <algorithm>

#include "aggregation/base/name.h"

namespace tributary::daemon {

Result<std::unique_ptr<Federation>> Federation::Open(FederationOptions options,
                                                     store::StateStore& states,
                                                     store::UploadStore& uploads,
                                                     Surroundings& surroundings) {
  ASSIGN_OR_RETURN(Registry registry, Registry::Open(states));
  auto federation = std::unique_ptr<Federation>(
      new Federation(std::move(options), states, uploads, surroundings, std::move(registry)));
  RETURN_IF_ERROR(federation->OpenRuns());
  return federation;
}

Status Federation::OpenRuns() {
  ASSIGN_OR_RETURN(const auto incarnation, states_.Get(kProject, kIncarnation));
  if (incarnation) incarnation_ = std::atoll(incarnation->c_str());
  ASSIGN_OR_RETURN(const std::vector<RunId> known, states_.Runs());
  for (const RunId& id : known) {
    if (id == kProject) continue;
    ASSIGN_OR_RETURN(const auto submission, states_.Get(id, kSubmission));
    if (!submission)
      return MakeError(Code::kDataLoss, "run {}: its submission is missing", id.value);
    ASSIGN_OR_RETURN(RunSetup setup, RunSetupFromJson(id, *submission));
    ASSIGN_OR_RETURN(Run* const run, AddRun(std::move(setup)));
    observer().Opened(*run, /*is_new=*/false);
    RETURN_IF_ERROR(HeedRestore(*run));
    Populate(*run);
  }
  return {};
}

// Once for each run and restore. What a private run has published since the backup was made is only
// known when clients have told of it, so it waits for somebody to resume it.
Status Federation::HeedRestore(Run& run) {
  const RunId& id = run.setup().id;
  ASSIGN_OR_RETURN(const auto heeded, states_.Get(id, kIncarnation));
  if (std::atoll(heeded.value_or("1").c_str()) >= incarnation_) return {};
  run.Step(around_.Now(),
           coordinator::OperatorRequest{coordinator::OperatorRequest::Kind::kRestored});
  return states_.Put(id, kIncarnation, std::to_string(incarnation_));
}

Result<Run*> Federation::AddRun(RunSetup setup) {
  const RunId id = setup.id;
  RunStores stores{&states_, &uploads_, nullptr, nullptr};
  const std::filesystem::path directory = options_.directory / "runs" / id.value;
  ASSIGN_OR_RETURN(stores.blobs, store::OpenDiskBlobStore(directory / "blobs"));
  ASSIGN_OR_RETURN(stores.views, store::OpenDiskBlobStore(directory / "views"));
  const auto tags_of = [this](const ClientId& client) {
    const Client* found = registry_.Find(client);
    return found == nullptr ? Tags() : found->tags;
  };
  const std::string token = setup.submission.token;
  ASSIGN_OR_RETURN(auto run, Run::Open(std::move(setup), std::move(stores), tags_of,
                                       static_cast<int>(options_.limits.threads),
                                       options_.retention, *this, around_.Now()));
  if (!token.empty()) by_token_[token] = id;
  return (runs_[id] = std::move(run)).get();
}

// --- operators ---

Result<RunId> Federation::Submit(proto::Submission submission) {
  if (const auto it = by_token_.find(submission.token);
      it != by_token_.end() && !submission.token.empty())
    return it->second;
  const auto open = std::count_if(runs_.begin(), runs_.end(),
                                  [](const auto& run) { return !run.second->is_finished(); });
  if (open >= options_.limits.runs)
    return MakeError(Code::kResourceExhausted, "{} runs are not finished, and limits.runs is {}",
                     open, options_.limits.runs);
  ASSIGN_OR_RETURN(const Tags where, ReadTags(submission.where));
  const auto population =
      static_cast<int64_t>(registry_.Eligible(where, submission.designated, false).size());
  if (!submission.name.empty()) RETURN_IF_ERROR(CheckName("name", submission.name));
  ASSIGN_OR_RETURN(RunSetup setup,
                   ReadSubmission({}, std::move(submission), population, around_.Now()));
  // An id that was given away after a backup is not given away again.
  const std::string& name =
      setup.submission.name.empty() ? setup.config.adapter.method : setup.submission.name;
  for (int64_t number = 1; setup.id.value.empty() || runs_.contains(setup.id); ++number)
    setup.id = RunId{incarnation_ == 1 ? fmt::format("{}-{}", name, number)
                                       : fmt::format("{}-{}.{}", name, incarnation_, number)};
  RETURN_IF_ERROR(states_.Put(setup.id, kSubmission, ToJson(setup)));
  if (incarnation_ > 1)  // nothing of it was restored
    RETURN_IF_ERROR(states_.Put(setup.id, kIncarnation, std::to_string(incarnation_)));
  around_.Point("submitted");
  ASSIGN_OR_RETURN(Run* const run, AddRun(std::move(setup)));
  observer().Opened(*run, /*is_new=*/true);
  Populate(*run);
  return run->setup().id;
}

Status Federation::Control(const RunId& id, std::string_view action) {
  using Kind = coordinator::OperatorRequest::Kind;
  const auto it = runs_.find(id);
  if (it == runs_.end()) return MakeError(Code::kNotFound, "there is no run {}", id.value);
  std::optional<Kind> kind;
  if (action == "pause") kind = Kind::kPause;
  if (action == "resume") kind = Kind::kResume;
  if (action == "stop") kind = Kind::kStop;
  if (!kind) return InvalidArgument("action \"{}\", expected pause, resume or stop", action);
  if (it->second->is_finished())
    return MakeError(Code::kFailedPrecondition, "run {} has ended", id.value);
  it->second->Step(around_.Now(), coordinator::OperatorRequest{*kind});
  return {};
}

Result<Run*> Federation::RunOf(const RunId& run) const {
  const auto it = runs_.find(run);
  if (it == runs_.end()) return MakeError(Code::kNotFound, "there is no run {}", run.value);
  return it->second.get();
}

// --- time and effects ---

std::optional<TimePoint> Federation::NextDeadline() const {
  std::optional<TimePoint> next;
  for (const auto& [id, run] : runs_)
    if (const auto deadline = run->NextDeadline(); deadline && (!next || *deadline < *next))
      next = deadline;
  return next;
}

void Federation::OnTime() {
  for (const auto& [id, run] : runs_)
    if (run->OnTime(around_.Now())) Populate(*run);
}

void Federation::Send(const ClientId& client, proto::CoordinatorBody message) {
  around_.Send(client, {std::move(message)});
}

void Federation::Fold(Run& run, const coordinator::FinishAggregate& command) {
  around_.Work([this, id = run.setup().id, generation = run.generation(), command,
                folder = &run.folder()]() -> std::function<void()> {
    std::string why;
    auto result = folder->Fold(command, &why);
    return
        [this, id, generation, sequence = command.task.sequence, result = std::move(result), why] {
          const auto found = runs_.find(id);
          if (found == runs_.end() || found->second->generation() != generation) return;
          around_.Point("folded");
          found->second->OnFolded(around_.Now(), sequence, result, why);
        };
  });
}

void Federation::Changed(Run& run) {
  around_.Changed(run.setup().id);
  if (!run.is_finished()) return;
  const auto kept = run.state()->Kept(run.setup().plan.run);
  for (const ClientId& client : ClientsOf(run))
    Send(client,
         proto::RunEnd{run.setup().id, std::get<coordinator::Finished>(run.state()->phase).reason,
                       kept.round, kept.checkpoint});
}

}  // namespace tributary::daemon
