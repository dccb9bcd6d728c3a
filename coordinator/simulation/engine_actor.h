#pragma once
// One simulated client that holds or awaits a task. Private to the engine.

#include "coordinator/simulation/engine.h"

namespace tributary::simulation {

inline Duration DrawnAround(Random& random, Duration mean) {
  const double drawn = random.Exponential();
  return Duration(static_cast<int64_t>(drawn * static_cast<double>(mean.count())));
}

struct Engine::Actor {
  Actor(ClientId client, int64_t number, ClientProfile its_profile, Random stream,
        client::Session machine)
      : name(std::move(client)),
        life(number),
        profile(its_profile),
        random(stream),
        session(std::move(machine)) {}

  Duration Exponential(Duration mean) { return DrawnAround(random, mean); }

  const ClientId name;
  const int64_t life;  // tells actions of this actor from those of an earlier one of its name
  const ClientProfile profile;
  Random random;
  client::Session session;
  std::vector<client::Record> journal;
  int64_t awaits = 0;        // the newest task that was sent to it
  int64_t link = 0;          // counts connections; what was under way on an earlier one is lost
  int64_t work = 0;          // counts pieces of work; an outdated one ends unnoticed
  bool is_working = false;   // between ClientWork's Start and its Wait or Abandon
  bool is_gone = false;      // vanished
  bool is_announced = true;  // the coordinator knows that it is there
  std::optional<TimePoint> timer;
  std::optional<TaskReport> report;
};

}  // namespace tributary::simulation
