#include "tests/coordinator/simulation/scenario.h"

#include <csignal>
#include <cstdio>

#include "tests/coordinator/simulation/checker.h"
#include "tests/coordinator/simulation/end_checks.h"

namespace tributary::simulation {

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

  coordinator::RunPlan& plan = s.plan;
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

  if (random.Below(3) > 0) {
    s.engine.network.parted_every = std::chrono::seconds(60 + random.Below(600));
    s.engine.network.parted_for = std::chrono::seconds(1 + random.Below(120));
  }
  s.engine.client_crash = 0.01 * static_cast<double>(random.Below(4));
  s.disk.refuse = 0.01 * static_cast<double>(random.Below(3));
  s.disk.crash = 0.01 * static_cast<double>(random.Below(3));
  s.client_disk.refuse = 0.01 * static_cast<double>(random.Below(3));
  s.client_disk.crash = 0.01 * static_cast<double>(random.Below(3));
  s.engine.is_store_faulty = true;
  return s;
}

namespace {

thread_local volatile std::sig_atomic_t running_seed = 0;

void OnAbort(int) {
  const std::string how = HowToRepeat(static_cast<uint64_t>(running_seed));
  std::fputs(how.c_str(), stderr);
}

// Resumes whatever pauses; says how it ended.
std::string RunToItsEnd(Engine& engine) {
  for (int resumes = 0; resumes < 100; ++resumes) {
    const Result<Ending> end = engine.Run();
    if (!end.has_value()) return end.error().message;
    if (*end == Ending::kFinished) return "finished";
    if (engine.coordinator()->state().paused != Reason::kRetriesExhausted)
      return "paused without its reason";
    const Status resumed = engine.Request(coordinator::OperatorRequest::Kind::kResume);
    if (!resumed.has_value()) return resumed.error().message;
  }
  return "paused again and again";
}

}  // namespace

Outcome RunScenario(Scenario s) {
  running_seed = static_cast<std::sig_atomic_t>(s.synthetic.seed);
  const Engine* running = nullptr;
  const auto has_faults = [&] {
    return running == nullptr || running->now() < s.engine.faults_end;
  };
  StoredFederation federation(s.synthetic, s.disk, has_faults);
  StoredJournals journals(s.synthetic.seed, s.client_disk, has_faults);
  s.plan.start_checkpoint = federation.start();
  s.engine.journals = &journals;
  Checker checker(s.plan, federation.disk().records());
  const auto profile_of = [&](const ClientId& client) {
    Random random(s.engine.seed, "profile", {client.value});
    const double speed = 1 + 9 * random.Uniform();
    return ClientProfile{speed, 1e4, s.dropout, s.availability};
  };
  Engine engine(s.plan, s.engine, s.clients, profile_of, federation, federation, checker);
  running = &engine;

  Outcome outcome;
  const std::string ending = RunToItsEnd(engine);
  outcome.faults = checker.faults();
  const auto add = [&](const Faults& faults) {
    outcome.faults.insert(outcome.faults.end(), faults.begin(), faults.end());
  };
  if (ending != "finished") add({"the run ended as: " + ending});
  const auto journal = coordinator::RecordsFromTexts(federation.disk().records());
  if (!journal) {
    add({journal.error().message});
  } else {
    add(CheckPrefixes(s.plan, *journal));
    add(CheckResults(s.plan, s.synthetic, *journal, federation.finished()));
    add(CheckClients(s.plan, *journal, journals.all()));
  }
  outcome.hash = checker.Hash();
  outcome.reasons = checker.outcomes();
  auto& counts = outcome.counts;
  counts["steps"] = checker.steps();
  counts["commits"] = checker.commits();
  counts["abandoned"] = checker.abandoned();
  counts["recoveries"] = checker.recoveries() - 1;
  counts["client recoveries"] = checker.client_recoveries();
  counts["partitions"] = checker.partitions();
  counts["full disks"] = federation.disk().refused();
  counts["appends died in"] = federation.disk().ended();
  counts["torn"] = federation.disk().torn();
  for (const auto& [client, its] : journals.all()) {
    counts["client's full disks"] += its.refused();
    counts["client's appends died in"] += its.ended();
    counts["client's torn"] += its.torn();
  }
  return outcome;
}

void Outcome::Add(const Outcome& other) {
  for (const auto& [name, count] : other.counts) counts[name] += count;
  for (const auto& [reason, count] : other.reasons) reasons[reason] += count;
}

std::string Outcome::Text() const {
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  text += "; tasks:";
  for (const auto& [reason, count] : reasons) text += fmt::format(" {} {}", Name(reason), count);
  return text;
}

std::string HowToRepeat(uint64_t seed) {
  return fmt::format("repeat: build/release/simulation_seeds --first {} --seeds 1\n", seed);
}

void NameSeedOnAbort() { std::signal(SIGABRT, OnAbort); }

}  // namespace tributary::simulation
