// Whole runs under faults, by seed: TRIBUTARY_SEED=n repeats one, TRIBUTARY_SEEDS=n tries as many.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "tests/coordinator/simulation/checker.h"

namespace tributary::simulation {
namespace {

using coordinator::RunPlan;

struct Scenario {
  RunPlan plan;
  EngineOptions engine;
  SyntheticOptions synthetic;
  std::vector<ClientId> clients;
  double dropout = 0, availability = 1;
};

// Everything about a run is drawn from its seed: the kind of plan, the network, the faults.
Scenario MakeScenario(uint64_t seed) {
  Scenario s;
  Random random(seed, "scenario");
  const uint64_t population = 6 + random.Below(20);
  for (uint64_t i = 0; i < population; ++i) s.clients.push_back({fmt::format("c{:02}", i)});
  s.synthetic.seed = s.engine.seed = seed;
  s.synthetic.failure = 0.05 * static_cast<double>(random.Below(3));
  s.synthetic.aggregate_failure = 0.05 * static_cast<double>(random.Below(3));
  s.dropout = 0.1 * static_cast<double>(random.Below(4));
  s.availability = random.Below(3) == 0 ? 0.8 : 1;

  RunPlan& plan = s.plan;
  plan.digest = Sha256(fmt::format("plan {}", seed));
  plan.cohort_seed = seed;
  plan.rounds = 3 + static_cast<int64_t>(random.Below(4));
  plan.deadline = std::chrono::minutes(5);
  plan.max_weight = 1 + static_cast<int64_t>(random.Below(50));
  plan.minimum = 1 + static_cast<int64_t>(random.Below(3));
  const uint64_t kind = random.Below(4);
  if (kind == 0) {
    plan.cohort = plan.minimum + static_cast<int64_t>(random.Below(3));
    plan.over_selection = 1 + 0.25 * static_cast<double>(random.Below(4));
  } else if (kind == 1) {
    plan.sampling_rate = 0.5;
  }
  if (kind == 3) {
    plan.privacy = coordinator::PrivacyPlan{1.0, plan.rounds + 2};
    plan.max_weight = 1;
    plan.sampling_rate = 0.4;
    plan.minimum = static_cast<int64_t>(random.Below(2));
  } else {
    plan.start = {TaskKind::kFeatureMoments};
    plan.evaluate_clients = random.Below(2) == 0;
    plan.keep_best = plan.evaluate_clients;
    plan.evaluate_every = 1 + static_cast<int64_t>(random.Below(2));
    plan.patience = plan.evaluate_clients ? static_cast<int64_t>(random.Below(4)) : 0;
  }
  if (random.Below(3) == 0) {
    plan.designated = s.clients.front();
    plan.evaluate_public = true;
  }

  s.engine.network.loss = 0.1 * static_cast<double>(random.Below(4));
  s.engine.network.duplication = 0.1 * static_cast<double>(random.Below(4));
  s.engine.network.jitter = std::chrono::milliseconds(random.Below(2000));
  s.engine.fold_time = std::chrono::seconds(random.Below(10));
  s.engine.absence = std::chrono::seconds(10 + random.Below(300));
  s.engine.crash = 0.01 * static_cast<double>(random.Below(5));
  s.engine.faults_end = TimePoint{std::chrono::minutes(40)};
  s.engine.max_actions = 2'000'000;
  return s;
}

struct Outcome {
  std::vector<std::string> faults;
  std::string hash;
  int64_t recoveries = 0, commits = 0, abandoned = 0, steps = 0;
  std::map<Reason, int64_t> reasons;
};

Outcome RunScenario(Scenario s) {
  SyntheticFederation federation(s.synthetic);
  s.plan.start_checkpoint = federation.start();
  Checker checker(s.plan, federation);
  const auto profile_of = [&](const ClientId& client) {
    Random random(s.engine.seed, "profile", {client.value});
    const double speed = 1 + 9 * random.Uniform();
    return ClientProfile{speed, 1e4, s.dropout, s.availability};
  };
  Engine engine(s.plan, s.engine, s.clients, profile_of, federation, federation, checker);

  Outcome outcome;
  std::string ending = "paused";
  for (int resumes = 0; ending == "paused" && resumes < 100; ++resumes) {
    const Result<Ending> end = engine.Run();
    if (!end.has_value()) {
      ending = end.error().message;
    } else if (*end == Ending::kFinished) {
      ending = "finished";
    } else {
      const Status resumed = engine.Request(coordinator::OperatorRequest::Kind::kResume);
      if (!resumed.has_value()) ending = resumed.error().message;
    }
  }
  outcome.faults = checker.faults();
  if (ending != "finished") outcome.faults.push_back("the run ended as: " + ending);
  if (!federation.finished()) outcome.faults.push_back("the run's end was never carried out");
  outcome.hash = checker.Hash();
  outcome.recoveries = checker.recoveries() - 1;
  outcome.commits = checker.commits();
  outcome.abandoned = checker.abandoned();
  outcome.steps = checker.steps();
  outcome.reasons = checker.outcomes();
  return outcome;
}

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

std::string HowToRepeat(int64_t seed) {
  return fmt::format(
      "repeat: TRIBUTARY_SEED={} simulation_seeds_test "
      "--gtest_filter=Seeds.Invariants*\n",
      seed);
}

// A broken promise of the machines aborts; the seed must be known then too.
volatile std::sig_atomic_t running_seed = 0;
void SayHowToRepeat(int) { fmt::print(stderr, "{}", HowToRepeat(running_seed)); }

TEST(Seeds, InvariantsHoldUnderFaultsAndCrashes) {
  const int64_t only = FromEnvironment("TRIBUTARY_SEED", -1);
  const int64_t count = only >= 0 ? only + 1 : FromEnvironment("TRIBUTARY_SEEDS", 300);
  Outcome sum;
  Hasher hasher;
  const auto previous = std::signal(SIGABRT, SayHowToRepeat);
  for (int64_t seed = std::max<int64_t>(only, 0); seed < count; ++seed) {
    running_seed = static_cast<std::sig_atomic_t>(seed);
    const Outcome outcome = RunScenario(MakeScenario(static_cast<uint64_t>(seed)));
    for (const std::string& fault : outcome.faults) {
      ADD_FAILURE() << fault << "\n" << HowToRepeat(seed);
    }
    hasher.Update(outcome.hash);
    sum.recoveries += outcome.recoveries;
    sum.commits += outcome.commits;
    sum.abandoned += outcome.abandoned;
    sum.steps += outcome.steps;
    for (const auto& [reason, n] : outcome.reasons) sum.reasons[reason] += n;
  }
  std::signal(SIGABRT, previous);
  std::string reasons;
  for (const auto& [reason, n] : sum.reasons) reasons += fmt::format(" {} {}", Name(reason), n);
  fmt::print("{} steps, {} commits, {} abandoned, {} recoveries, tasks:{}\ntranscript {}\n",
             sum.steps, sum.commits, sum.abandoned, sum.recoveries, reasons, hasher.Finish().Hex());
  if (only >= 0) return;
  // The faults did happen.
  EXPECT_GT(sum.recoveries, count / 2);
  EXPECT_GT(sum.abandoned, 0);
  for (Reason seen : {Reason::kAccepted, Reason::kLate, Reason::kDroppedOut, Reason::kNonFinite}) {
    EXPECT_GT(sum.reasons[seen], 0) << Name(seen);
  }
}

TEST(Seeds, EqualSeedsGiveEqualTranscripts) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(RunScenario(MakeScenario(seed)).hash, RunScenario(MakeScenario(seed)).hash) << seed;
  }
  EXPECT_NE(RunScenario(MakeScenario(1)).hash, RunScenario(MakeScenario(2)).hash);
}

}  // namespace
}  // namespace tributary::simulation
