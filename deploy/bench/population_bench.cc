// Rounds of 1,000 clients out of 10^4, 10^5 and 10^6 virtual ones through the whole engine: what a
// round costs, what an idle client costs, and how both grow with the population. Times are of the
// processor, on one thread.
//
//   population_bench [ROUNDS]

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "coordinator/simulation/engine.h"
#include "coordinator/simulation/synthetic.h"

namespace {

using namespace tributary;  // NOLINT: a program
double Now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

int64_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

struct Figures {
  double population = 0;
  double enrolment = 0;  // seconds
  double round = 0;      // seconds, median
  double total = 0;      // seconds
  double heap = 0;       // bytes, between two rounds
};

// Takes the time whenever a round is committed.
class Stopwatch : public simulation::Observer {
 public:
  void OnStep(TimePoint, const coordinator::Coordinator& core) override {
    const coordinator::State& state = core.state();
    if (state.sequence == 1 && marks.empty()) marks.push_back(Now());
    if (state.checkpoint_round >= static_cast<int64_t>(marks.size())) marks.push_back(Now());
  }
  std::vector<double> marks;
};

Figures Measure(int64_t population, int64_t rounds) {
  simulation::SyntheticFederation federation({});
  coordinator::RunPlan plan;
  plan.start_checkpoint = federation.start();
  plan.rounds = rounds;
  plan.cohort = 1000;
  plan.minimum = 1000;
  plan.max_weight = 100;
  plan.deadline = std::chrono::hours(1);

  Stopwatch stopwatch;
  const int64_t before = HeapBytes();
  const double start = Now();
  std::vector<ClientId> names;
  names.reserve(static_cast<size_t>(population));
  for (int64_t i = 0; i < population; ++i) names.push_back({fmt::format("c{:09}", i)});
  simulation::Engine engine(
      plan, {}, std::move(names), [](const ClientId&) { return simulation::ClientProfile{}; },
      federation, federation, stopwatch);
  int64_t heap = 0;
  const auto ending = engine.Run([&] {
    if (heap == 0 && stopwatch.marks.size() > 1) heap = HeapBytes();  // between two rounds
    return false;
  });
  if (!ending.has_value() || *ending != simulation::Ending::kFinished) {
    fmt::print(stderr, "population_bench: {}\n",
               ending.has_value() ? "the run did not finish" : ending.error().message);
    std::exit(1);
  }
  Figures figures;
  figures.population = static_cast<double>(population);
  figures.total = Now() - start;
  figures.enrolment = stopwatch.marks[0] - start;
  std::vector<double> gaps;
  for (size_t i = 1; i < stopwatch.marks.size(); ++i) {
    gaps.push_back(stopwatch.marks[i] - stopwatch.marks[i - 1]);
  }
  std::sort(gaps.begin(), gaps.end());
  figures.round = gaps[gaps.size() / 2];
  figures.heap = static_cast<double>(heap - before);
  return figures;
}

// Least squares of log cost on log population.
double Slope(const std::vector<Figures>& all, double Figures::*cost) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const Figures& f : all) {
    const double a = std::log(f.population), b = std::log(f.*cost);
    n += 1, x += a, y += b, xx += a * a, xy += a * b;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t rounds = argc > 1 ? std::clamp(std::atoll(argv[1]), 2LL, 1000LL) : 10;
  fmt::print("{:>12} {:>14} {:>14} {:>12} {:>12}\n", "population", "enrolment, s", "a round, s",
             "total, s", "heap, MB");
  std::vector<Figures> all;
  for (const int64_t population : {10'000, 100'000, 1'000'000}) {
    all.push_back(Measure(population, rounds));
    const Figures& f = all.back();
    fmt::print("{:>12} {:>14.3f} {:>14.4f} {:>12.3f} {:>12.1f}\n", population, f.enrolment, f.round,
               f.total, f.heap / 1e6);
  }
  const Figures& least = all.front();
  const Figures& most = all.back();
  fmt::print("bytes per further idle client: {:.0f}\n",
             (most.heap - least.heap) / (most.population - least.population));
  fmt::print("log-log slope in the population: a round {:.3f}, enrolment {:.3f}, total {:.3f}\n",
             Slope(all, &Figures::round), Slope(all, &Figures::enrolment),
             Slope(all, &Figures::total));
  return 0;
}
