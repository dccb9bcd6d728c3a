// Kill -9 at every record and every command, one after another: the run goes on and ends in the
// bytes of a run that nobody disturbed. A sample here; all of them with
//   TRIBUTARY_CRASH_SWEEP=all build/release/e2e_crash_test

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "aggregation/base/status.h"
#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

constexpr int kSample = 6;  // points of each kind of process

struct Plan {
  const char* name;
  Settings settings;
  std::vector<std::string> arguments;  // of submit
  LiveFederation::Security security = LiveFederation::Security::kInsecure;
};

// Everything at once; and noise, which is drawn once for each round and must not be drawn anew.
const Plan kPlans[] = {
    {"Flora",
     {"adapter.method=flora", "federation.cohort=3", "federation.minimum=3", "federation.rounds=2",
      "evaluation.on=clients", "evaluation.holdout=0.3", "federation.head_start=ridge"},
     {}},
    {"SeededNoise",
     {"adapter.method=ffa-lora", "federation.cohort=2", "federation.minimum=2",
      "federation.rounds=3", "federation.weighting=uniform", "evaluation.on=test",
      "evaluation.every=2", "privacy.mode=central", "privacy.clip_norm=1", "privacy.delta=0.01",
      "privacy.noise_multiplier=1", "privacy.noise=seeded"},
     {"--designated", "site-2"},
     LiveFederation::Security::kTls},  // its clients are enrolled before it begins
};

// Three clients; the third has public rows, too.
class World : public LiveFederation {
 public:
  explicit World(const Plan& plan) : LiveFederation(3, "", plan.security), plan_(plan) {
    world().Edit("client-2.toml", "train =", "test = \"test.jsonl\"\ntrain =");
  }
  std::string Submit() { return LiveFederation::Submit(plan_.settings, kToken, plan_.arguments); }
  void TrySubmit() { LiveFederation::TrySubmit(plan_.settings, kToken, plan_.arguments); }
  int64_t Charged(const std::string& run) const {
    const std::string status = Ask({"status", run, "--format", "json"}).out;
    const size_t at = status.find("\"charged\":");
    return at == status.npos ? -1 : std::atoll(status.c_str() + at + 10);
  }

 private:
  static constexpr const char* kToken = "the one run";
  const Plan& plan_;
};

struct Undisturbed {
  std::string adapter;
  int64_t charged = 0;                                         // privacy events
  std::vector<std::string> coordinator_points, client_points;  // their names
};

std::vector<std::string> ReadPoints(const std::string& file) {
  std::vector<std::string> names;
  std::string text = ReadText(file);
  for (size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    names.push_back(text.substr(text.find(' ', at) + 1, end - text.find(' ', at) - 1));
  return names;
}

const Undisturbed& Reference(const Plan& plan) {
  static std::map<std::string, Undisturbed> references;
  if (const auto it = references.find(plan.name); it != references.end()) return it->second;
  World live(plan);
  const std::string of_coordinator = live.world().File("points-coordinator"),
                    of_client = live.world().File("points-client");
  live.StartCoordinator({"TRIBUTARY_CRASH_POINTS=" + of_coordinator});
  live.StartClient(0, {"TRIBUTARY_CRASH_POINTS=" + of_client});
  live.StartClient(1);
  live.StartClient(2);
  const std::string run = live.Submit();
  TRIBUTARY_CHECK(live.Ask({"wait", run}).code == 0, live.Said());
  return references[plan.name] = {live.Adapter(run), live.Charged(run), ReadPoints(of_coordinator),
                                  ReadPoints(of_client)};
}

std::vector<int> PointsToTry(size_t count) {
  const char* sweep = std::getenv("TRIBUTARY_CRASH_SWEEP");
  const int all = static_cast<int>(count);
  std::vector<int> points;
  const int step = sweep != nullptr && std::string(sweep) == "all" ? 1 : std::max(1, all / kSample);
  for (int point = 1 + (step - 1) / 2; point <= all; point += step) points.push_back(point);
  return points;
}

// Waits for the process that is to die; false if the run ends first.
bool WaitForDeath(LiveFederation& live, StartedProgram& process, const std::string& run) {
  for (int i = 0; i < 3000; ++i) {
    if (process.HasEnded()) return true;
    if (i % 50 == 49 && !run.empty() &&
        live.Ask({"status", run}).out.find("finished") != std::string::npos)
      return process.HasEnded();
    usleep(10'000);
  }
  return false;
}

class CrashSweep : public testing::TestWithParam<Plan> {
 protected:
  // What became of the run after somebody was killed at that point.
  void Judge(World& live, const std::string& run, int point, const std::string& name) {
    const Undisturbed& reference = Reference(GetParam());
    const Outcome wait = live.Ask({"wait", run});
    const bool same = wait.code == 0 && live.Adapter(run) == reference.adapter &&
                      live.Charged(run) == reference.charged;
    survived_ += same;
    EXPECT_TRUE(same) << "point " << point << " " << name << "\n" << wait.All() << live.Said();
  }
  void Say(const char* who, size_t points) const {
    fmt::print("{}, {}: {} points, killed at {}, survived {} with equal bytes\n", GetParam().name,
               who, points, died_, survived_);
  }
  int died_ = 0, survived_ = 0;
};

TEST_P(CrashSweep, OfTheCoordinator) {
  const auto& points = Reference(GetParam()).coordinator_points;
  for (const int point : PointsToTry(points.size())) {
    World live(GetParam());
    live.StartCoordinator({fmt::format("TRIBUTARY_CRASH_AT={}", point)});
    for (int i = 0; i < 3; ++i) live.StartClient(i);
    live.TrySubmit();
    if (WaitForDeath(live, live.coordinator(), "")) {
      ++died_;
      live.StartCoordinator();
    }
    Judge(live, live.Submit(), point, points[static_cast<size_t>(point - 1)]);
  }
  Say("coordinator", points.size());
}

TEST_P(CrashSweep, OfAClient) {
  const auto& points = Reference(GetParam()).client_points;
  for (const int point : PointsToTry(points.size())) {
    World live(GetParam());
    live.StartCoordinator();
    live.StartClient(0, {fmt::format("TRIBUTARY_CRASH_AT={}", point)});
    live.StartClient(1);
    live.StartClient(2);
    const std::string run = live.Submit();
    if (WaitForDeath(live, live.client(0), run)) {
      ++died_;
      live.StartClient(0);
    }
    Judge(live, run, point, points[static_cast<size_t>(point - 1)]);
  }
  Say("client", points.size());
}

INSTANTIATE_TEST_SUITE_P(Plans, CrashSweep, testing::ValuesIn(kPlans),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace tributary
