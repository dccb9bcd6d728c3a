#include "coordinator/daemon/run.h"

#include <set>

#include "aggregation/base/version.h"
#include "coordinator/core/text.h"
#include "coordinator/fold/totals.h"

namespace tributary::daemon {

using coordinator::Coordinator;
using coordinator::Record;

constexpr Duration kRetry = std::chrono::seconds(10);  // of a run that has halted

Result<std::unique_ptr<Run>> Run::Open(RunSetup setup, RunStores stores, TagsOf tags_of,
                                       int threads, Retention retention, Effects& effects,
                                       TimePoint now) {
  auto run = std::unique_ptr<Run>(new Run(std::move(setup), std::move(stores), std::move(tags_of),
                                          std::move(retention), effects));
  RETURN_IF_ERROR(run->Prepare(threads));
  RETURN_IF_ERROR(run->Recover(now));
  if (const Status whole = run->CheckBlobs(); !whole)
    return Annotate(whole.error(), "run " + run->setup_.id.value);
  return run;
}

Result<std::unique_ptr<fold::Folder>> OpenFolder(const RunSetup& setup, TagsOf tags_of,
                                                 store::BlobStore& blobs,
                                                 const store::UploadStore& uploads, int threads) {
  fold::FoldPlan fold = setup.plan.fold;
  fold.threads = threads;
  fold.rank_of = [&setup, tags_of = std::move(tags_of)](const ClientId& client) {
    return setup.RankOf(tags_of(client));
  };
  std::unique_ptr<privacy::NoiseSource> noise;
  if (fold.noise && setup.config.privacy.noise == "seeded") {
    noise = privacy::SeededNoise(setup.config.seed);
  } else if (fold.noise) {
    ASSIGN_OR_RETURN(noise, privacy::SecureNoise());
  }
  return std::make_unique<fold::Folder>(
      std::move(fold), blobs, std::move(noise),
      [&uploads, run = setup.id](int64_t sequence, const ClientId& client, const Digest& digest) {
        return uploads.Read(run, sequence, client, digest);
      });
}

Status Run::Prepare(int threads) {
  ASSIGN_OR_RETURN(folder_,
                   OpenFolder(setup_, tags_of_, *stores_.blobs, *stores_.uploads, threads));
  plan_ = setup_.plan.run;
  ASSIGN_OR_RETURN(plan_.start_checkpoint, plan::PutStart(*folder_, setup_.config, {}));
  return {};
}

Status Run::Recover(TimePoint now) {
  ASSIGN_OR_RETURN(const store::Recovered recovered, stores_.states->Recover(setup_.id));
  ASSIGN_OR_RETURN(records_, coordinator::RecordsFromTexts(recovered.records));
  auto core = Coordinator::Recover(plan_, records_, now);
  if (!core) return Annotate(core.error(), "run " + setup_.id.value);
  core_.emplace(*std::move(core));
  ++generation_;
  return {};
}

// What the run cannot go on without, or be asked for: read now, not when it is too late to restore
// a backup.
Status Run::CheckBlobs() const {
  const coordinator::State& state = core_->state();
  if (std::holds_alternative<coordinator::Idle>(state.phase)) return {};
  for (const Digest& checkpoint : std::set{state.checkpoint, state.Kept(plan_).checkpoint})
    if (const auto found = stores_.blobs->Open(checkpoint); !found)
      return Annotate(found.error(), "checkpoint");
  const coordinator::Stage* stage = state.OpenStage();
  if (stage == nullptr) return {};
  for (const coordinator::Member& member : stage->members) {
    if (member.outcome != Reason::kAccepted) continue;
    const auto found =
        stores_.uploads->Read(setup_.id, stage->task.sequence, member.client, member.digest);
    if (!found) return Annotate(found.error(), "accepted update of " + member.client.value);
  }
  return {};
}

void Run::Populate(TimePoint now, std::vector<ClientId> enrolled, std::vector<ClientId> connected) {
  using Kind = coordinator::PopulationChanged::Kind;
  if (Status done = core_ ? CarryOutReady() : Status(); !done) return Halt(now, done.error());
  Step(now, coordinator::PopulationChanged{Kind::kEnrolled, std::move(enrolled)});
  if (!connected.empty())
    Step(now, coordinator::PopulationChanged{Kind::kConnected, std::move(connected)});
  // Ignored by a run that has started.
  Step(now, coordinator::OperatorRequest{coordinator::OperatorRequest::Kind::kStart});
}

void Run::Step(TimePoint now, const coordinator::Event& event) {
  if (!core_) return;  // halted: clients say it again
  Status done = core_->Step(now, event);
  if (done) done = CarryOutReady();
  if (!done) return Halt(now, done.error());
}

Status Run::CarryOutReady() {
  for (;;) {
    const coordinator::Ready ready = core_->TakeReady();
    if (ready.empty()) return {};
    if (!ready.records.empty()) RETURN_IF_ERROR(Persist(ready.records));
    for (const coordinator::Command& command : ready.commands) {
      RETURN_IF_ERROR(CarryOut(command));
      std::visit([this](const auto& c) { effects_.Point(c.kName); }, command);
    }
    effects_.Changed(*this);
  }
}

Status Run::Persist(std::span<const Record> records) {
  effects_.Point("before_append");
  const auto begun = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(stores_.states->Append(setup_.id, coordinator::ToTexts(records)));
  const auto took = std::chrono::steady_clock::now() - begun;
  for (const Record& record : records) {
    records_.push_back(record);
    std::visit([this](const auto& r) { effects_.Point(r.kName); }, record);
  }
  effects_.observer().Recorded(*this, records, std::chrono::duration_cast<Duration>(took));
  return {};
}

Status Run::CarryOut(const coordinator::Command& command) {
  using namespace coordinator;  // NOLINT: the commands
  const RunId& id = setup_.id;
  if (const auto* send = std::get_if<SendTask>(&command)) {
    const int64_t rank = setup_.RankOf(tags_of_(send->client));
    effects_.Send(send->client, proto::Assignment{id, setup_.plan_blob, rank, send->task});
  } else if (const auto* acknowledge = std::get_if<Acknowledge>(&command)) {
    effects_.Send(acknowledge->client, proto::Acknowledgement{id, acknowledge->sequence});
  } else if (const auto* dismiss = std::get_if<Dismiss>(&command)) {
    effects_.Send(dismiss->client, proto::Dismissal{id, dismiss->sequence, dismiss->reason});
  } else if (const auto* fold = std::get_if<FinishAggregate>(&command)) {
    effects_.Fold(*this, *fold);
  } else if (const auto* discard = std::get_if<DiscardUploads>(&command)) {
    return DropUploads(discard->before);
  } else if (std::holds_alternative<PublishCheckpoint>(command)) {
    return DropStates();
  }
  return {};  // what is published or finished is read from the state
}

Status Run::DropUploads(int64_t before) {
  store::UploadStore& uploads = *stores_.uploads;
  if (retention_.updates == "none") return uploads.DiscardBefore(setup_.id, before);
  int64_t last = 0;         // the newest training stage that was committed
  bool is_counted = false;  // the stage that has just ended was
  for (const Record& record : records_) {
    const auto* done = std::get_if<coordinator::StageCommitted>(&record);
    if (done == nullptr) continue;
    is_counted = done->sequence == before - 1;
    if (done->rows == 0) last = done->sequence;  // no evaluation
  }
  std::set<Digest> counted;
  if (is_counted)
    for (const auto& accepted : fold::AcceptedOf(records_, before - 1))
      counted.insert(accepted.digest);
  if (retention_.updates == "last") RETURN_IF_ERROR(uploads.DiscardBefore(setup_.id, last));
  return uploads.DiscardAllBut(setup_.id, before - 1, counted);
}

Status Run::DropStates() {
  if (retention_.states == "all") return {};
  const coordinator::State& state = core_->state();
  std::set<Digest> kept = {plan_.start_checkpoint, state.checkpoint};
  if (state.best) kept.insert(state.best->checkpoint);
  for (const store::BlobFacts& blob : stores_.blobs->List())
    if (!kept.contains(blob.digest)) RETURN_IF_ERROR(stores_.blobs->Delete(blob.digest));
  return {};
}

void Run::OnFolded(TimePoint now, int64_t sequence,
                   Result<std::optional<coordinator::AggregateFinished>> result,
                   const std::string& why) {
  const coordinator::Stage* stage = core_ ? core_->state().OpenStage() : nullptr;
  // Broken off meanwhile: what it was to be folded of may be gone, which is nobody's fault.
  if (stage == nullptr || stage->task.sequence != sequence) return;
  if (!result) return Halt(now, result.error());
  if (!*result) {
    last_fault_ = why;
    return Step(now, coordinator::AggregateFailed{sequence});
  }
  const auto accepted = fold::AcceptedOf(records_, sequence);
  fold::StageTotals totals;
  for (const coordinator::UpdateAccepted& update : accepted) {
    totals.bytes_down += static_cast<int64_t>(fold::MetricOf(update, "bytes_down"));
    totals.train_seconds += fold::MetricOf(update, "seconds");
  }
  coordinator::AggregateFinished finished = **std::move(result);
  fold::AddTotals(folder_->plan(), stage->task, accepted, totals, setup_.plan.tasks.report_metrics,
                  &finished.metrics);
  Step(now, finished);
}

std::optional<TimePoint> Run::NextDeadline() const {
  if (!core_) return retry_at_;
  return core_->NextDeadline();
}

bool Run::OnTime(TimePoint now) {
  if (core_) {
    const auto deadline = core_->NextDeadline();
    if (deadline && *deadline <= now) Step(now, coordinator::DeadlineReached{});
    return false;
  }
  if (now < retry_at_) return false;
  if (Status done = Recover(now); !done) {
    Halt(now, done.error());
    return false;
  }
  halted_.clear();
  effects_.observer().Recovered(*this);
  return true;
}

void Run::Halt(TimePoint now, const Error& error) {
  core_.reset();
  ++generation_;
  halted_ = error.message;
  retry_at_ = now + kRetry;
  effects_.observer().Halted(*this, error);
  effects_.Changed(*this);
}

Status Run::CheckLive() const {
  if (core_) return {};
  return MakeError(Code::kUnavailable, "run {} is halted: {}", setup_.id.value, halted_);
}

bool Run::is_finished() const {
  return core_ && std::holds_alternative<coordinator::Finished>(core_->state().phase);
}

std::optional<Task> Run::PendingTask(const ClientId& client) const {
  const coordinator::Stage* stage = core_ ? core_->state().OpenStage() : nullptr;
  const coordinator::Member* member = stage == nullptr ? nullptr : stage->Find(client);
  if (member == nullptr || member->outcome != Reason::kPending) return std::nullopt;
  return stage->task;
}

report::RunFacts Run::Facts(std::span<const ClientId> clients) const {
  report::RunFacts facts;
  facts.targets = setup_.plan.adapter.targets;
  facts.head = setup_.plan.adapter.head;
  facts.labels = setup_.config.model.labels;
  facts.base_digest = *Digest::FromHex(setup_.config.model.digest);
  facts.plan_digest = plan_.digest;
  facts.start_checkpoint = plan_.start_checkpoint;
  facts.numerics = std::string(kNumerics);
  facts.version = std::string(kVersion);
  facts.noise_multiplier = plan_.privacy ? plan_.privacy->noise_multiplier : 0;
  for (const ClientId& client : clients) {
    const Tags tags = tags_of_(client);
    const auto group = tags.find("group");
    facts.clients.push_back(
        {client, group == tags.end() ? "" : group->second, setup_.RankOf(tags), 0, 0});
  }
  return facts;
}

}  // namespace tributary::daemon
