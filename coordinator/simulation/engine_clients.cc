// The clients' driver; engine.cc has the rest.
#include <algorithm>
#include <utility>

#include "coordinator/simulation/engine.h"
#include "coordinator/simulation/engine_actor.h"

namespace tributary::simulation {
namespace {

Duration Seconds(double seconds) {
  constexpr double kMost = 1e12;  // beyond any deadline, and far from the type's end
  return Duration(static_cast<int64_t>(std::min(seconds * 1e6, kMost)));
}

}  // namespace

Engine::Actor* Engine::Find(const ClientId& client, int64_t life) {
  const auto it = actors_.find(client);
  return it != actors_.end() && it->second->life == life ? it->second.get() : nullptr;
}

client::SessionOptions Engine::SessionOf(const ClientId& client) const {
  client::SessionOptions options = options_.session;
  options.name = client;
  options.seed = options_.seed;
  return options;
}

// An idle client gets a session, connected already, when a task is sent to it.
Status Engine::Wake(const ClientId& client, const Task& task) {
  auto it = actors_.find(client);
  if (it == actors_.end()) {
    std::vector<client::Record> journal;
    if (options_.journals != nullptr) {
      ASSIGN_OR_RETURN(journal, options_.journals->Load(client));
    }
    ASSIGN_OR_RETURN(client::Session session,
                     client::Session::Recover(SessionOf(client), journal, now_));
    session.Step(now_, client::Connected{});
    session.TakeReady();
    it = actors_
             .emplace(client,
                      std::make_unique<Actor>(client, ++lives_, profile_of_(client),
                                              Random(options_.seed, "client",
                                                     {client.value, std::to_string(task.sequence)}),
                                              std::move(session)))
             .first;
  }
  Actor& actor = *it->second;
  actor.awaits = std::max(actor.awaits, task.sequence);
  // Its next hello asks for a task that is lost.
  const NetworkOptions& network = options_.network;
  const bool may_be_lost = network.loss > 0 || network.parted_every.count() > 0;
  return may_be_lost && !actor.is_gone ? Pump(actor) : Status();
}

Status Engine::Drive(Actor& actor, const client::Event& event) {
  actor.session.Step(now_, event);
  RETURN_IF_ERROR(Pump(actor));
  const auto* dismissed = std::get_if<client::Dismissed>(&event);
  if (dismissed != nullptr && actor.awaits <= dismissed->sequence) actor.awaits = 0;
  if (IsForgettable(actor)) Forget(actor);
  return {};
}

Status Engine::Pump(Actor& actor) {
  for (;;) {
    const client::Ready ready = actor.session.TakeReady();
    if (ready.empty()) break;
    if (!ready.records.empty() && !Keep(actor, ready.records)) return Vanish(actor), Status();
    for (const client::Command& command : ready.commands) {
      CarryOut(actor, command);
      if (DiesHere(actor)) return Vanish(actor), Status();
    }
  }
  const std::optional<TimePoint> deadline = actor.session.NextDeadline();
  if (!deadline || deadline == actor.timer) return {};
  actor.timer = deadline;
  At(*deadline, [this, name = actor.name, life = actor.life, at = *deadline] {
    Actor* found = Find(name, life);
    if (found == nullptr || found->is_gone || found->timer != at) return Status();
    found->timer.reset();
    return Drive(*found, client::TimeReached{});
  });
  return {};
}

Status Engine::Keep(Actor& actor, std::span<const client::Record> records) {
  if (options_.journals != nullptr) {
    RETURN_IF_ERROR(options_.journals->Append(actor.name, records));
  }
  for (const client::Record& record : records) {
    if (const auto* ended = std::get_if<client::TaskEnded>(&record)) {
      EndReport(actor, ended->reason);
      actor.journal.clear();  // what follows needs no more than where it ended
      actor.awaits = actor.awaits <= ended->sequence ? 0 : actor.awaits;
      continue;
    }
    actor.journal.push_back(record);
  }
  return {};
}

bool Engine::DiesHere(Actor& actor) {
  return options_.client_crash > 0 && HasFaults() && actor.random.Uniform() < options_.client_crash;
}

void Engine::CarryOut(Actor& actor, const client::Command& command) {
  if (std::holds_alternative<client::Connect>(command)) {
    BeginConnect(actor);
  } else if (const auto* hello = std::get_if<client::SayHello>(&command)) {
    ToCoordinator(actor, coordinator::TaskHeld{actor.name, hello->holds}, true);
  } else if (const auto* start = std::get_if<client::StartWork>(&command)) {
    BeginWork(actor, start->task);
  } else if (const auto* stop = std::get_if<client::StopWork>(&command)) {
    ++actor.work;
    if (std::exchange(actor.is_working, false)) client_work_.Abandon(actor.name, stop->sequence);
  } else if (const auto* upload = std::get_if<client::Upload>(&command)) {
    BeginUpload(actor, upload->sequence);
  } else if (const auto* report = std::get_if<client::Report>(&command)) {
    const client::UpdateReady& update = report->update;
    if (update.reason == Reason::kAccepted) {
      ToCoordinator(actor,
                    coordinator::UpdateOffered{actor.name, update.sequence, update.digest,
                                               update.weight, update.metrics},
                    false);
    } else {
      ToCoordinator(actor, coordinator::ClientFailed{actor.name, update.sequence, update.reason},
                    false);
    }
  }
}

void Engine::BeginConnect(Actor& actor) {
  At(now_ + options_.network.delay, [this, name = actor.name, life = actor.life] {
    Actor* found = Find(name, life);
    if (found == nullptr || found->is_gone) return Status();
    if (coordinator_ == nullptr || IsCut(name)) return Drive(*found, client::ConnectionLost{});
    return Drive(*found, client::Connected{});
  });
}

void Engine::BeginWork(Actor& actor, const Task& task) {
  BeginReport(actor, task);
  const WorkCost& cost = actor.report->cost;
  const double seconds = static_cast<double>(cost.bytes_down) / actor.profile.bandwidth +
                         cost.units / actor.profile.speed;
  const int64_t work = ++actor.work;
  const double fate = actor.random.Uniform();
  const double share = actor.random.Uniform();
  const bool vanishes = HasFaults() && fate < actor.profile.dropout;
  const TimePoint until = now_ + Seconds(vanishes ? share * seconds : seconds);
  if (!vanishes) {  // what will never be sent is not computed
    client_work_.Start(actor.name, task, until);
    actor.is_working = true;
  }
  At(until,
     [this, name = actor.name, life = actor.life, work, sequence = task.sequence,
      vanishes]() -> Status {
       Actor* found = Find(name, life);
       if (found == nullptr || found->work != work) return {};
       if (vanishes) return Vanish(*found), Status();
       found->is_working = false;
       ASSIGN_OR_RETURN(WorkResult result, client_work_.Wait(name, sequence));
       found->report->worked = now_;
       if (result.reason != Reason::kAccepted) {
         return Drive(*found, client::WorkFailed{sequence, result.reason});
       }
       return Drive(*found, client::WorkFinished{sequence, result.digest, result.weight,
                                                 std::move(result.metrics)});
     });
}

void Engine::BeginUpload(Actor& actor, int64_t sequence) {
  const double bytes = static_cast<double>(actor.report->cost.bytes_up);
  At(now_ + Seconds(bytes / actor.profile.bandwidth),
     [this, name = actor.name, life = actor.life, link = actor.link, sequence] {
       Actor* found = Find(name, life);
       if (found == nullptr || found->link != link) return Status();
       if (IsCut(name)) return Drive(*found, client::ConnectionLost{});
       if (found->report && found->report->task.sequence == sequence) {
         found->report->uploaded = now_;
       }
       return Drive(*found, client::Uploaded{sequence});
     });
}

// The process dies and comes back later with what it had made durable.
void Engine::Vanish(Actor& actor) {
  actor.is_gone = true;
  ++actor.link;
  ++actor.work;
  actor.timer.reset();
  if (std::exchange(actor.is_working, false))
    client_work_.Abandon(actor.name, actor.report->task.sequence);
  EndReport(actor, Reason::kDroppedOut);
  At(now_ + options_.notice, [this, name = actor.name, life = actor.life] {
    Actor* found = Find(name, life);
    if (found == nullptr || !found->is_gone) return Status();
    found->is_announced = false;
    return ChangePopulation(coordinator::PopulationChanged::Kind::kDisconnected, {name});
  });
  At(now_ + actor.Exponential(options_.absence), [this, name = actor.name, life = actor.life] {
    Actor* found = Find(name, life);
    return found == nullptr ? Status() : Return(*found);
  });
}

Status Engine::Return(Actor& actor) {
  if (options_.journals != nullptr) {
    ASSIGN_OR_RETURN(actor.journal, options_.journals->Load(actor.name));
  }
  ASSIGN_OR_RETURN(actor.session,
                   client::Session::Recover(SessionOf(actor.name), actor.journal, now_));
  actor.is_gone = false;
  const client::TaskInHand& in_hand = actor.session.in_hand();
  observer_.OnClientRecovered(now_, actor.name, in_hand);
  if (in_hand.update) BeginReport(actor, *in_hand.task);
  return Pump(actor);
}

void Engine::BeginReport(Actor& actor, const Task& task) {
  ++open_reports_;
  actor.report = TaskReport{
      actor.name, task, Reason::kPending, now_, now_, {}, {}, client_work_.Cost(actor.name, task)};
}

void Engine::EndReport(Actor& actor, Reason reason) {
  if (!actor.report) return;
  --open_reports_;
  actor.report->reason = reason;
  actor.report->ended = now_;
  observer_.OnTaskEnd(*std::exchange(actor.report, std::nullopt));
}

// Idle again: connected, nothing in hand, and nothing under way to it that it should wait for.
bool Engine::IsForgettable(const Actor& actor) const {
  if (actor.is_gone || actor.session.phase() != client::Phase::kWaiting) return false;
  if (actor.awaits == 0 || coordinator_ == nullptr) return true;
  const coordinator::Stage* stage = coordinator_->state().OpenStage();
  if (stage == nullptr || stage->task.sequence != actor.awaits) return true;
  const coordinator::Member* member = stage->Find(actor.name);
  return member == nullptr || member->outcome != Reason::kPending;
}

void Engine::Forget(Actor& actor) {
  const ClientId name = actor.name;
  const bool is_known = actor.is_announced;
  actors_.erase(name);
  const bool is_there = IsAvailable(name);
  if (is_known && is_there) return;
  using Kind = coordinator::PopulationChanged::Kind;
  At(now_, [this, name, kind = is_there ? Kind::kConnected : Kind::kDisconnected] {
    return actors_.contains(name) ? Status() : ChangePopulation(kind, {name});
  });
}

bool Engine::IsAvailable(const ClientId& client) const {
  if (IsCut(client)) return false;
  if (!has_churn_ || !HasFaults()) return true;
  const int64_t period = now_.since_epoch / options_.availability_period;
  Random random(options_.seed, "availability", {client.value, std::to_string(period)});
  return random.Uniform() < profile_of_(client).availability;
}

Status Engine::ChangeAvailability() {
  At(now_ + options_.availability_period, [this] { return ChangeAvailability(); });
  return TellWhoIsThere();
}

Status Engine::TellWhoIsThere() {
  if (coordinator_ == nullptr) return {};
  std::vector<ClientId> came, went;
  for (const ClientId& client : clients_) {
    if (actors_.contains(client)) continue;
    const bool is_there = IsAvailable(client);
    const bool was_there = coordinator_->population().IsConnected(client);
    if (is_there != was_there) (is_there ? came : went).push_back(client);
  }
  using Kind = coordinator::PopulationChanged::Kind;
  RETURN_IF_ERROR(ChangePopulation(Kind::kDisconnected, std::move(went)));
  return ChangePopulation(Kind::kConnected, std::move(came));
}

}  // namespace tributary::simulation
