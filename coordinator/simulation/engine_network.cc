// The network, and its partitions; engine.cc has the rest.
#include "coordinator/simulation/engine.h"
#include "coordinator/simulation/engine_actor.h"

namespace tributary::simulation {

using coordinator::PopulationChanged;

// Calls `deliver` later, never, or twice. What is under way is lost with the connection, and where
// a partition is.
template <typename Deliver>
void Engine::Transmit(Actor& actor, Deliver deliver) {
  const NetworkOptions& network = options_.network;
  int copies = 1;
  const auto happens = [&](double probability) {
    return HasFaults() && probability > 0 && actor.random.Uniform() < probability;
  };
  if (happens(network.loss)) --copies;
  if (happens(network.duplication)) ++copies;
  if (IsCut(actor.name)) copies = 0;
  for (int i = 0; i < copies; ++i) {
    Duration delay = network.delay;
    if (network.jitter.count() > 0) delay += actor.Exponential(network.jitter);
    At(now_ + delay, [this, deliver, name = actor.name, life = actor.life, link = actor.link] {
      if (IsCut(name)) return Status();
      Actor* found = Find(name, life);
      return found == nullptr || found->link == link ? deliver(found) : Status();
    });
  }
}

void Engine::ToClient(const ClientId& client, client::Event event) {
  const auto it = actors_.find(client);
  if (it == actors_.end() || !it->second->session.is_connected()) return;
  Transmit(*it->second, [this, client, event = std::move(event)](Actor* actor) -> Status {
    if (const auto* task = std::get_if<client::TaskReceived>(&event);
        actor == nullptr && task != nullptr && options_.journals != nullptr) {
      RETURN_IF_ERROR(Wake(client, task->task));  // it was idle, not deaf
      actor = actors_.at(client).get();
    }
    return actor == nullptr || actor->is_gone ? Status() : Drive(*actor, event);
  });
}

void Engine::ToCoordinator(Actor& actor, coordinator::Event event, bool is_hello) {
  Transmit(actor, [this, name = actor.name, life = actor.life, event = std::move(event),
                   is_hello](Actor*) { return Arrive(name, life, event, is_hello); });
}

Status Engine::Arrive(const ClientId& client, int64_t life, const coordinator::Event& event,
                      bool is_hello) {
  if (coordinator_ == nullptr) return {};
  if (Actor* actor = Find(client, life); actor != nullptr && (is_hello || !actor->is_announced)) {
    actor->is_announced = true;
    RETURN_IF_ERROR(ChangePopulation(PopulationChanged::Kind::kConnected, {client}));
  }
  const auto* held = std::get_if<coordinator::TaskHeld>(&event);
  if (held == nullptr || held->sequence != 0) return StepCoordinator(event);
  if (Actor* actor = Find(client, life); actor != nullptr && IsForgettable(*actor)) Forget(*actor);
  return {};
}

void Engine::AwaitPartition() {
  if (options_.network.parted_every.count() == 0) return;
  Random random(options_.seed, "partition", {std::to_string(partitions_++)});
  const Duration wait = DrawnAround(random, options_.network.parted_every);
  At(now_ + wait, [this, random] { return BeginPartition(random); });
}

// Neither end is told: connections fall silent, and are given up when that is noticed.
Status Engine::BeginPartition(Random random) {
  if (!HasFaults()) return {};
  const double share = random.Uniform();
  for (const ClientId& client : clients_) {
    if (random.Uniform() < share) cut_.insert(client);
  }
  observer_.OnPartition(now_, cut_);
  for (const auto& [name, actor] : actors_) {
    if (!cut_.contains(name)) continue;
    ++actor->link;
    At(now_ + options_.notice, [this, client = name, life = actor->life, link = actor->link] {
      return NoticeCut(client, life, link);
    });
  }
  At(now_ + options_.notice, [this] { return TellWhoIsThere(); });
  const Duration length = DrawnAround(random, options_.network.parted_for);
  At(now_ + length, [this] { return EndPartition(); });
  return {};
}

Status Engine::NoticeCut(const ClientId& client, int64_t life, int64_t link) {
  Actor* actor = Find(client, life);
  if (actor == nullptr || actor->link != link || actor->is_gone) return {};
  actor->is_announced = false;
  RETURN_IF_ERROR(ChangePopulation(PopulationChanged::Kind::kDisconnected, {client}));
  actor = Find(client, life);
  return actor == nullptr || actor->is_gone ? Status() : Drive(*actor, client::ConnectionLost{});
}

Status Engine::EndPartition() {
  cut_.clear();
  AwaitPartition();
  return TellWhoIsThere();
}

}  // namespace tributary::simulation
