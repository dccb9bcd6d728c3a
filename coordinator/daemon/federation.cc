#include "coordinator/daemon/federation.h"

#include <algorithm>

#include "aggregation/base/name.h"
#include "aggregation/base/version.h"

namespace tributary::daemon {
namespace {

using coordinator::PopulationChanged;

// A stranger's words, as the journal takes them.
std::string Word(const std::string& text) { return text.empty() ? "none" : text.substr(0, 64); }

}  // namespace

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

// A client that knows more than this state.
void Federation::HeedSeen(const ClientId& client, const proto::RunSeen& seen) {
  const auto it = runs_.find(seen.run);
  if (it == runs_.end() || !TakesPart(*it->second, client)) return;
  it->second->Step(around_.Now(), coordinator::StageSeen{client, seen.sequence});
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

void Federation::Describe(Run& run, const ClientId& client, const proto::Hello& hello) {
  run.Step(around_.Now(), coordinator::ClientSaid{
                              {client, Word(hello.program), Word(hello.numerics), Word(hello.torch),
                               Word(hello.device), Word(hello.instruction_set)}});
}

void Federation::Populate(Run& run) {
  std::vector<ClientId> connected;
  for (const ClientId& name : ClientsOf(run)) {
    if (!IsThere(run, name)) continue;
    connected.push_back(name);
    if (const auto& hello = registry_.Find(name)->hello) Describe(run, name, *hello);
  }
  run.Populate(around_.Now(), ClientsOf(run), std::move(connected));
}

bool Federation::TakesPart(const Run& run, const ClientId& client) const {
  const Client* found = registry_.Find(client);
  return found != nullptr && (client.value == run.setup().submission.designated ||
                              Fits(run.setup().where, found->tags));
}

// Where privacy rests on draws from all who are enrolled, who is away or in quarantine is drawn
// like anybody else and answers with a refusal, or is refused.
bool Federation::IsThere(const Run& run, const ClientId& client) const {
  const Client* found = registry_.Find(client);
  return found != nullptr && found->is_connected &&
         ((!found->quarantine && !found->away.contains(run.setup().id)) ||
          run.setup().plan.run.DrawsFromEnrolled());
}

std::vector<ClientId> Federation::ClientsOf(const Run& run) const {
  std::vector<ClientId> names;
  for (const auto& [name, client] : registry_.clients())
    if (TakesPart(run, name)) names.push_back(name);
  return names;
}

// --- clients ---

Status Federation::Enrol(const ClientId& client, Tags tags) {
  return registry_.Enrol(client, std::move(tags));
}

Status Federation::Greet(const ClientId& client, const proto::Hello& hello) {
  if (hello.major != proto::kMajor)
    return MakeError(Code::kFailedPrecondition,
                     "protocol version {}.{} is not spoken here; version {}.0 to {}.{} is",
                     hello.major, hello.minor, proto::kMajor, proto::kMajor, proto::kMinor);
  if (registry_.Find(client) == nullptr) {
    if (!options_.enrol_on_sight)
      return MakeError(Code::kPermissionDenied, "{} is not enrolled in project {}", client.value,
                       options_.project);
    RETURN_IF_ERROR(registry_.Enrol(client, {}));
  }
  return {};
}

Result<proto::Welcome> Federation::Connected(const ClientId& client, const proto::Hello& hello,
                                             const std::string& host) {
  if (Status greeted = Greet(client, hello); !greeted) {
    observer().Refused(client, greeted.error());
    return tl::unexpected(greeted.error());
  }
  Client& known = *registry_.Find(client);
  if (known.is_connected && known.host != host) observer().Elsewhere(client, known.host, host);
  known.is_connected = true;
  known.host = host;
  known.since = around_.Now();
  known.hello = hello;
  observer().Connected(client, hello);
  for (const auto& [id, run] : runs_)
    if (TakesPart(*run, client)) Describe(*run, client, hello);
  for (const proto::RunSeen& seen : hello.seen) HeedSeen(client, seen);
  return proto::Welcome{std::min(hello.minor, proto::kMinor), incarnation_, options_.project,
                        std::string(kVersion), around_.Now()};
}

void Federation::Disconnected(const ClientId& client) {
  Client* known = registry_.Find(client);
  if (known == nullptr || !known->is_connected) return;
  known->is_connected = false;
  known->since = around_.Now();
  known->progress.reset();
  observer().Disconnected(client);
  for (const auto& [id, run] : runs_)
    if (TakesPart(*run, client))
      run->Step(around_.Now(), PopulationChanged{PopulationChanged::Kind::kDisconnected, {client}});
}

void Federation::OnMessage(const ClientId& client, proto::ClientBody message) {
  std::visit([&](const auto& m) { On(client, m); }, message);
}

void Federation::On(const ClientId&, const proto::Hello&) {}  // only the first one counts

void Federation::On(const ClientId& client, const proto::Heartbeat& message) {
  Send(client, proto::HeartbeatReply{message.sent});
}

// Without a task in hand: whoever has one for this client says it (again).
void Federation::On(const ClientId& client, const proto::Holds& message) {
  for (const auto& [id, run] : runs_) {
    if ((!message.run.value.empty() && id != message.run) || !TakesPart(*run, client)) continue;
    if (IsThere(*run, client))
      run->Step(around_.Now(), PopulationChanged{PopulationChanged::Kind::kConnected, {client}});
    if (message.sequence != 0)
      run->Step(around_.Now(), coordinator::TaskHeld{client, message.sequence});
    if (message.sequence == 0 && !message.run.value.empty() && run->is_finished()) {
      const auto kept = run->state()->Kept(run->setup().plan.run);
      Send(client, proto::RunEnd{id, std::get<coordinator::Finished>(run->state()->phase).reason,
                                 kept.round, kept.checkpoint});
    }
  }
}

void Federation::On(const ClientId& client, const proto::Failure& message) {
  const auto it = runs_.find(message.run);
  if (it == runs_.end() || !TakesPart(*it->second, client)) return;
  if (Client* known = registry_.Find(client)) known->last_failure = message.detail;
  it->second->SetLastFault(fmt::format("{}: {}", client.value, message.detail));
  const Reason reason = IsClientFault(message.reason) ? message.reason : Reason::kFailed;
  observer().Failed(*it->second, client, reason, message.detail);
  it->second->Step(around_.Now(), coordinator::ClientFailed{client, message.sequence, reason});
}

void Federation::On(const ClientId& client, const proto::Progress& message) {
  const auto it = runs_.find(message.run);
  if (it == runs_.end() || !TakesPart(*it->second, client)) return;
  registry_.Find(client)->progress = message;
  Heed(*it->second, client, message);
  around_.Changed(message.run);
}

// A client that goes away, or is back.
void Federation::Heed(Run& run, const ClientId& client, const proto::Progress& message) {
  Client& known = *registry_.Find(client);
  const bool was_there = IsThere(run, client);
  if (message.away)
    known.away[message.run] = message.state;
  else
    known.away.erase(message.run);
  if (IsThere(run, client) == was_there) return;
  using Kind = PopulationChanged::Kind;
  run.Step(around_.Now(),
           PopulationChanged{was_there ? Kind::kDisconnected : Kind::kConnected, {client}});
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
