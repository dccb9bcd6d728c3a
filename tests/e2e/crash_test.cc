// Kill -9 at every record and every command, one after another: the run goes on and ends in the
// bytes of a run that nobody disturbed. A sample here; all of them with
//   TRIBUTARY_CRASH_SWEEP=all build/release/e2e_crash_test

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "aggregation/base/status.h"
#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

const Settings kRun = {"adapter.method=flora",       "federation.cohort=3",
                       "federation.minimum=3",       "federation.rounds=2",
                       "evaluation.on=clients",      "evaluation.holdout=0.3",
                       "federation.head_start=ridge"};
constexpr int kSample = 6;  // points of each kind of process

struct Undisturbed {
  std::string adapter;
  std::vector<std::string> coordinator_points, client_points;  // their names
};

std::vector<std::string> ReadPoints(const std::string& file) {
  std::vector<std::string> names;
  std::string text = ReadText(file);
  for (size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    names.push_back(text.substr(text.find(' ', at) + 1, end - text.find(' ', at) - 1));
  return names;
}

const Undisturbed& Reference() {
  static const Undisturbed reference = [] {
    LiveFederation live(3, "", LiveFederation::Security::kInsecure);
    const std::string of_coordinator = live.world().File("points-coordinator"),
                      of_client = live.world().File("points-client");
    live.StartCoordinator({"TRIBUTARY_CRASH_POINTS=" + of_coordinator});
    live.StartClient(0, {"TRIBUTARY_CRASH_POINTS=" + of_client});
    live.StartClient(1);
    live.StartClient(2);
    const std::string run = live.Submit(kRun, "the one run");
    TRIBUTARY_CHECK(live.Ask({"wait", run}).code == 0, live.Said());
    return Undisturbed{live.Adapter(run), ReadPoints(of_coordinator), ReadPoints(of_client)};
  }();
  return reference;
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

TEST(CrashSweep, OfTheCoordinator) {
  const auto& points = Reference().coordinator_points;
  int died = 0, survived = 0;
  for (const int point : PointsToTry(points.size())) {
    LiveFederation live(3, "", LiveFederation::Security::kInsecure);
    live.StartCoordinator({fmt::format("TRIBUTARY_CRASH_AT={}", point)});
    for (int i = 0; i < 3; ++i) live.StartClient(i);
    live.TrySubmit(kRun, "the one run");
    if (WaitForDeath(live, live.coordinator(), "")) {
      ++died;
      live.StartCoordinator();
    }
    const std::string run = live.Submit(kRun, "the one run");
    const Outcome wait = live.Ask({"wait", run});
    const bool same = wait.code == 0 && live.Adapter(run) == Reference().adapter;
    survived += same;
    EXPECT_TRUE(same) << "point " << point << " " << points[static_cast<size_t>(point - 1)] << "\n"
                      << wait.All() << live.Said();
  }
  fmt::print("coordinator: {} points, killed at {}, survived {} with equal bytes\n", points.size(),
             died, survived);
}

TEST(CrashSweep, OfAClient) {
  const auto& points = Reference().client_points;
  int died = 0, survived = 0;
  for (const int point : PointsToTry(points.size())) {
    LiveFederation live(3, "", LiveFederation::Security::kInsecure);
    live.StartCoordinator();
    live.StartClient(0, {fmt::format("TRIBUTARY_CRASH_AT={}", point)});
    live.StartClient(1);
    live.StartClient(2);
    const std::string run = live.Submit(kRun, "the one run");
    if (WaitForDeath(live, live.client(0), run)) {
      ++died;
      live.StartClient(0);
    }
    const Outcome wait = live.Ask({"wait", run});
    const bool same = wait.code == 0 && live.Adapter(run) == Reference().adapter;
    survived += same;
    EXPECT_TRUE(same) << "point " << point << " " << points[static_cast<size_t>(point - 1)] << "\n"
                      << wait.All() << live.Said();
  }
  fmt::print("client: {} points, killed at {}, survived {} with equal bytes\n", points.size(), died,
             survived);
}

}  // namespace
}  // namespace tributary
