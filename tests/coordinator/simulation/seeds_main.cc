// Runs as many seeds of the fault simulation as one likes, prints what happened in them, and for
// each seed where something did not hold, what that was and how to repeat it.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "tests/coordinator/simulation/scenario.h"

namespace tributary::simulation {
namespace {

constexpr uint64_t kChunk = 1000;  // seeds between two lines

std::vector<Outcome> RunSeeds(uint64_t first, uint64_t count, unsigned jobs) {
  std::vector<Outcome> outcomes(count);
  std::atomic<uint64_t> next = 0;
  const auto work = [&] {
    for (uint64_t i = next++; i < count; i = next++)
      outcomes[i] = RunScenario(MakeScenario(first + i));
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < jobs; ++i) threads.emplace_back(work);
  threads.clear();
  return outcomes;
}

int Run(uint64_t first, uint64_t count, unsigned jobs) {
  NameSeedOnAbort();
  Outcome sum;
  Hasher hasher;
  uint64_t failed = 0;
  for (uint64_t done = 0; done < count;) {
    const auto outcomes = RunSeeds(first + done, std::min(kChunk, count - done), jobs);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      for (const std::string& fault : outcomes[i].faults)
        fmt::print("seed {}: {}\n", first + done + i, fault);
      if (!outcomes[i].faults.empty()) fmt::print("{}", HowToRepeat(first + done + i)), ++failed;
      hasher.Update(outcomes[i].hash);
      sum.Add(outcomes[i]);
    }
    done += outcomes.size();
    fmt::print("{} of {} seeds, {} failed; {}\n", done, count, failed, sum.Text());
    std::fflush(stdout);
  }
  fmt::print("transcript {}\n", hasher.Finish().Hex());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tributary::simulation

int main(int count, char** arguments) {
  uint64_t first = 0, seeds = 1000;
  unsigned jobs = 1;
  CLI::App app("Whole runs of the core machines under faults, by seed");
  app.add_option("--seeds", seeds, "how many")->capture_default_str();
  app.add_option("--first", first, "the first of them")->capture_default_str();
  app.add_option("--jobs", jobs, "threads")->check(CLI::Range(1, 1024))->capture_default_str();
  CLI11_PARSE(app, count, arguments);
  return tributary::simulation::Run(first, seeds, jobs);
}
