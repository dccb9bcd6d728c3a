// The queue and the coordinator's driver; engine_network.cc has the network, engine_clients.cc the
// clients' driver.
#include "coordinator/simulation/engine.h"

#include <algorithm>

#include "coordinator/simulation/engine_actor.h"

namespace tributary::simulation {

using coordinator::Coordinator;
using coordinator::PopulationChanged;

Engine::Engine(coordinator::RunPlan plan, EngineOptions options, std::vector<ClientId> clients,
               ProfileOf profile_of, ClientWork& client_work, CoordinatorWork& coordinator_work,
               Observer& observer)
    : plan_(std::move(plan)),
      options_(std::move(options)),
      clients_(std::move(clients)),
      profile_of_(std::move(profile_of)),
      client_work_(client_work),
      coordinator_work_(coordinator_work),
      observer_(observer),
      crash_random_(options_.seed, "crash") {
  if (!std::is_sorted(clients_.begin(), clients_.end())) {
    std::sort(clients_.begin(), clients_.end());
  }
  has_churn_ = std::any_of(clients_.begin(), clients_.end(), [this](const ClientId& client) {
    return profile_of_(client).availability < 1;
  });
  if (has_churn_) {
    At(now_ + options_.availability_period, [this] { return ChangeAvailability(); });
  }
  AwaitPartition();
}

Engine::~Engine() {
  for (const auto& [client, actor] : actors_) {
    if (actor->is_working) client_work_.Abandon(client, actor->report->task.sequence);
  }
}

void Engine::At(TimePoint at, std::function<Status()> run) {
  queue_.push({std::max(at, now_), actions_++, std::move(run)});
}

Result<Ending> Engine::Run(const std::function<bool()>& is_interrupted) {
  if (incarnation_ == 0) RETURN_IF_ERROR(StartCoordinator());
  for (;;) {
    if (const std::optional<Ending> ending = EndingNow()) return *ending;
    if (is_interrupted && is_interrupted()) return Ending::kInterrupted;
    if (queue_.empty()) {
      return MakeError(Code::kFailedPrecondition,
                       "the run waits for clients that never come: {} enrolled, {} connected",
                       coordinator_->population().enrolled(),
                       coordinator_->population().connected());
    }
    if (actions_ > options_.max_actions) {
      return MakeError(Code::kResourceExhausted, "more than {} actions", options_.max_actions);
    }
    const Action action = std::move(const_cast<Action&>(queue_.top()));  // it leaves at once
    queue_.pop();
    now_ = action.at;
    RETURN_IF_ERROR(action.run());
  }
}

std::optional<Ending> Engine::EndingNow() const {
  if (coordinator_ == nullptr) return std::nullopt;
  const coordinator::State& state = coordinator_->state();
  if (std::holds_alternative<coordinator::Finished>(state.phase)) {
    // Clients that are still at work are told, so that everything begun has an end.
    const bool is_quiet = open_reports_ == 0 || queue_.empty();
    return is_quiet ? std::optional(Ending::kFinished) : std::nullopt;
  }
  const bool is_between = std::holds_alternative<coordinator::Selecting>(state.phase);
  return state.paused && is_between ? std::optional(Ending::kPaused) : std::nullopt;
}

Status Engine::Request(coordinator::OperatorRequest::Kind kind) {
  if (coordinator_ == nullptr) {
    return MakeError(Code::kUnavailable, "the coordinator is down");
  }
  return StepCoordinator(coordinator::OperatorRequest{kind});
}

// --- the coordinator's driver ---

Status Engine::StartCoordinator() {
  ASSIGN_OR_RETURN(const std::vector<coordinator::Record> records, coordinator_work_.Load());
  ASSIGN_OR_RETURN(Coordinator core, Coordinator::Recover(plan_, records, now_));
  coordinator_ = std::make_unique<Coordinator>(std::move(core));
  ++incarnation_;
  coordinator_timer_.reset();
  observer_.OnRecovered(now_, *coordinator_);

  RETURN_IF_ERROR(CarryOutReady());  // each of these steps may be its last
  std::vector<ClientId> there, others;
  for (const ClientId& client : clients_) {
    const auto actor = actors_.find(client);
    const bool is_there =
        actor == actors_.end() ? IsAvailable(client) : actor->second->is_announced;
    (is_there ? there : others).push_back(client);
  }
  RETURN_IF_ERROR(ChangePopulation(PopulationChanged::Kind::kEnrolled, std::move(others)));
  RETURN_IF_ERROR(ChangePopulation(PopulationChanged::Kind::kConnected, std::move(there)));
  // Ignored by a run that has started.
  return StepCoordinator(coordinator::OperatorRequest{coordinator::OperatorRequest::Kind::kStart});
}

Status Engine::ChangePopulation(PopulationChanged::Kind kind, std::vector<ClientId> names) {
  if (coordinator_ == nullptr || names.empty()) return {};
  return StepCoordinator(PopulationChanged{kind, std::move(names)});
}

Status Engine::StepCoordinator(const coordinator::Event& event) {
  if (coordinator_ == nullptr) return {};  // said to a process that is down
  observer_.OnEvent(now_, event);
  RETURN_IF_ERROR(coordinator_->Step(now_, event));
  RETURN_IF_ERROR(CarryOutReady());
  if (coordinator_ == nullptr) return {};
  observer_.OnStep(now_, *coordinator_);
  SetCoordinatorTimer();
  return {};
}

Status Engine::CarryOutReady() {
  while (coordinator_ != nullptr) {
    const coordinator::Ready ready = coordinator_->TakeReady();
    if (ready.empty()) return {};
    const std::span<const coordinator::Record> records(ready.records);
    if (!records.empty()) {
      const bool dies = DiesHere();  // nobody was told whether the records are durable
      const uint64_t durable = dies ? crash_random_.Below(records.size() + 1) : records.size();
      const Status kept = coordinator_work_.Persist(records.first(durable));
      if (!kept && !options_.is_store_faulty) return kept;
      if (dies || (!kept && kept.error().code == Code::kAborted)) return Crash(), Status();
      if (!kept) return Halt(), Status();
    }
    observer_.OnReady(now_, ready);
    for (const coordinator::Command& command : ready.commands) {
      RETURN_IF_ERROR(CarryOut(command));
      if (DiesHere()) return Crash(), Status();
    }
  }
  return {};
}

bool Engine::DiesHere() {
  return options_.crash > 0 && HasFaults() && crash_random_.Uniform() < options_.crash;
}

void Engine::Crash() {
  coordinator_.reset();
  for (auto& [client, actor] : actors_) {
    ++actor->link;
    actor->is_announced = false;
    if (actor->is_gone) continue;
    At(now_, [this, name = client, life = actor->life] {
      Actor* found = Find(name, life);
      const bool is_there = found != nullptr && !found->is_gone;
      return is_there ? Drive(*found, client::ConnectionLost{}) : Status();
    });
  }
  At(now_ + options_.downtime, [this] { return StartCoordinator(); });
}

// What a full disk does to a run: links stay, and what is said meanwhile is heard by nobody.
void Engine::Halt() {
  coordinator_.reset();
  At(now_ + options_.downtime, [this] { return StartCoordinator(); });
}

void Engine::SetCoordinatorTimer() {
  const std::optional<TimePoint> deadline = coordinator_->NextDeadline();
  if (!deadline || deadline == coordinator_timer_) return;
  coordinator_timer_ = deadline;
  At(*deadline, [this, incarnation = incarnation_, at = *deadline]() -> Status {
    if (incarnation != incarnation_ || coordinator_ == nullptr) return {};
    if (coordinator_timer_ == at) coordinator_timer_.reset();
    const std::optional<TimePoint> next = coordinator_->NextDeadline();
    if (next && *next <= now_) return StepCoordinator(coordinator::DeadlineReached{});
    SetCoordinatorTimer();
    return {};
  });
}

Status Engine::CarryOut(const coordinator::Command& command) {
  using namespace coordinator;  // NOLINT: the commands
  if (const auto* send = std::get_if<SendTask>(&command)) {
    RETURN_IF_ERROR(Wake(send->client, send->task));
    ToClient(send->client, client::TaskReceived{send->task});
  } else if (const auto* acknowledge = std::get_if<Acknowledge>(&command)) {
    ToClient(acknowledge->client, client::Acknowledged{acknowledge->sequence});
  } else if (const auto* dismiss = std::get_if<Dismiss>(&command)) {
    ToClient(dismiss->client, client::Dismissed{dismiss->sequence, dismiss->reason});
  } else if (const auto* fold = std::get_if<FinishAggregate>(&command)) {
    At(now_ + options_.fold_time, [this, incarnation = incarnation_, copy = *fold] {
      return incarnation == incarnation_ && coordinator_ != nullptr ? Fold(copy) : Status();
    });
  } else if (const auto* publish = std::get_if<PublishCheckpoint>(&command)) {
    return coordinator_work_.Publish(*publish);
  } else if (const auto* discard = std::get_if<DiscardUploads>(&command)) {
    return coordinator_work_.Discard(*discard);
  } else {
    return coordinator_work_.Finish(std::get<FinishRun>(command));
  }
  return {};
}

Status Engine::Fold(const coordinator::FinishAggregate& command) {
  const coordinator::Stage* stage = coordinator_->state().OpenStage();
  if (stage == nullptr || stage->task.sequence != command.task.sequence) return {};  // stopped
  ASSIGN_OR_RETURN(auto finished, coordinator_work_.Aggregate(command));
  if (finished) return StepCoordinator(*std::move(finished));
  return StepCoordinator(coordinator::AggregateFailed{command.task.sequence});
}

}  // namespace tributary::simulation
