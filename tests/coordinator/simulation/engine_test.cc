// The engine as a whole: what a run costs in virtual time, who trains, resuming, scale.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/simulation/engine.h"
#include "coordinator/simulation/resumed.h"
#include "coordinator/simulation/synthetic.h"

namespace tributary::simulation {
namespace {

using coordinator::RunPlan;
using ::testing::HasSubstr;

std::vector<ClientId> Clients(int count) {
  std::vector<ClientId> names;
  for (int i = 0; i < count; ++i) names.push_back({fmt::format("client-{:04}", i)});
  return names;
}

RunPlan Plan(int64_t rounds) {
  RunPlan plan;
  plan.digest = Sha256("plan");
  plan.rounds = rounds;
  plan.minimum = 1;
  plan.max_weight = 1000;
  plan.deadline = std::chrono::hours(1);
  return plan;
}

struct Federation {
  explicit Federation(RunPlan its_plan, SyntheticOptions options = {})
      : plan(std::move(its_plan)), synthetic(options) {
    plan.start_checkpoint = synthetic.start();
  }
  Result<Ending> Run(int clients, const std::function<bool()>& is_interrupted = {}) {
    return Run(clients, synthetic, synthetic, is_interrupted);
  }
  Result<Ending> Run(int clients, ClientWork& client_work, CoordinatorWork& coordinator_work,
                     const std::function<bool()>& is_interrupted = {}) {
    Observer nobody;
    const auto profile_of = [this](const ClientId&) { return profile; };
    Engine run(plan, engine, Clients(clients), profile_of, client_work, coordinator_work, nobody);
    const Result<Ending> ending = run.Run(is_interrupted);
    ended = run.now();
    return ending;
  }

  RunPlan plan;
  SyntheticFederation synthetic;
  EngineOptions engine;
  ClientProfile profile;
  TimePoint ended;
};

TEST(Engine, EndsNearTheKnownOptimum) {
  SyntheticOptions options;
  options.heterogeneity = 0.5;
  Federation federation(Plan(20), options);
  ASSERT_EQ(*federation.Run(50), Ending::kFinished);
  // All clients in every round: the fixed point is the weighted mean of their targets.
  Vector mean(federation.synthetic.optimum().size(), 0.0);
  double total = 0;
  for (const ClientId& client : Clients(50)) {
    const double weight = static_cast<double>(federation.synthetic.Rows(client));
    const Vector target = federation.synthetic.Target(client);
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += weight * target[i];
    total += weight;
  }
  const Vector& value = federation.synthetic.Value(federation.synthetic.finished()->checkpoint);
  for (size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(value[i], mean[i] / total, 1e-5);
  EXPECT_EQ(federation.synthetic.uploads(), 0) << "spooled updates outlive their stage";
}

TEST(Engine, DurationsAreCountedNotMeasured) {
  SyntheticOptions options;
  options.most_rows = 1;  // one unit of work
  options.update_bytes = 5000;
  Federation federation(Plan(1), options);
  federation.profile = {0.5, 1000};  // 5 s down, 2 s of work, 5 s up
  federation.engine.network.delay = std::chrono::milliseconds(100);
  federation.engine.fold_time = std::chrono::seconds(3);
  ASSERT_EQ(*federation.Run(4), Ending::kFinished);
  // The task's way, the three parts, the report's way, the fold.
  EXPECT_EQ(federation.ended, TimePoint{std::chrono::milliseconds(100 + 12'000 + 100 + 3'000)});
}

TEST(Engine, WhoIsLateOrVanishesIsReported) {
  class Count : public Observer {
   public:
    void OnTaskEnd(const TaskReport& report) override {
      ++ends[report.reason];
      EXPECT_GE(report.ended, report.begun);
      EXPECT_TRUE(report.reason != Reason::kAccepted || (report.worked && report.uploaded));
    }
    std::map<Reason, int> ends;
  };
  Federation federation(Plan(5));
  federation.plan.cohort = 10;
  federation.plan.over_selection = 1.5;
  Count count;
  const auto profile_of = [](const ClientId& client) {
    return ClientProfile{client.value.ends_with('7') ? 0.001 : 10, 1e6,
                         client.value.ends_with('3') ? 1.0 : 0.0};
  };
  Engine engine(federation.plan, federation.engine, Clients(40), profile_of, federation.synthetic,
                federation.synthetic, count);
  ASSERT_EQ(*engine.Run(), Ending::kFinished);
  EXPECT_EQ(count.ends[Reason::kAccepted], 50);
  EXPECT_GT(count.ends[Reason::kLate], 0);
  EXPECT_GT(count.ends[Reason::kDroppedOut], 0);
}

// Sees which work really begins.
class Counting : public ClientWork {
 public:
  explicit Counting(ClientWork& inner) : inner_(inner) {}
  WorkCost Cost(const ClientId& client, const Task& task) override {
    return inner_.Cost(client, task);
  }
  void Start(const ClientId& client, const Task& task, TimePoint wanted) override {
    ++started;
    inner_.Start(client, task, wanted);
  }
  Result<WorkResult> Wait(const ClientId& client, int64_t sequence) override {
    ++waited;
    return inner_.Wait(client, sequence);
  }
  void Abandon(const ClientId& client, int64_t sequence) override {
    ++abandoned;
    inner_.Abandon(client, sequence);
  }
  int started = 0, waited = 0, abandoned = 0;

 private:
  ClientWork& inner_;
};

TEST(Engine, EveryStartedWorkIsWaitedForOrAbandonedAndStragglersAreAbandoned) {
  Federation federation(Plan(4));
  federation.plan.cohort = 10;
  federation.plan.over_selection = 2;
  Counting counting(federation.synthetic);
  ASSERT_EQ(*federation.Run(40, counting, federation.synthetic), Ending::kFinished);
  EXPECT_EQ(counting.started, 80);
  EXPECT_GT(counting.abandoned, 0);
  EXPECT_GE(counting.waited, 40);
  EXPECT_EQ(counting.waited + counting.abandoned, counting.started);
}

TEST(Engine, VanishingClientsAreNotTrained) {
  Federation federation(Plan(1));
  federation.profile.dropout = 1;
  federation.plan.max_attempts = 1;
  Counting counting(federation.synthetic);
  ASSERT_EQ(*federation.Run(10, counting, federation.synthetic), Ending::kPaused);
  EXPECT_EQ(counting.started, 0);
}

// A process that is gone hears nothing: the task that is sent to it before the coordinator notices
// waits for its return.
TEST(Engine, VanishedClientsBeginNothing) {
  Federation federation(Plan(10));
  federation.plan.cohort = 10;
  federation.plan.over_selection = 2;
  federation.profile.dropout = 0.3;
  federation.engine.absence = std::chrono::seconds(20);
  Counting counting(federation.synthetic);
  ASSERT_EQ(*federation.Run(25, counting, federation.synthetic), Ending::kFinished);
  EXPECT_EQ(counting.waited + counting.abandoned, counting.started);
}

TEST(Engine, SaysWhenARunCanNeverGoOn) {
  Federation federation(Plan(1));
  federation.plan.cohort = 10;
  const auto ending = federation.Run(9);
  ASSERT_FALSE(ending.has_value());
  EXPECT_THAT(ending.error().message, HasSubstr("9 enrolled, 9 connected"));
}

TEST(Engine, ActionsHaveALimit) {
  Federation federation(Plan(100));
  federation.engine.max_actions = 1000;
  const auto ending = federation.Run(50);
  ASSERT_FALSE(ending.has_value());
  EXPECT_EQ(ending.error().code, Code::kResourceExhausted);
}

// --- resuming ---

RunPlan RestlessPlan() {
  RunPlan plan = Plan(6);
  plan.cohort = 8;
  plan.over_selection = 1.5;
  plan.start = {TaskKind::kFeatureMoments};
  plan.evaluate_clients = true;
  plan.keep_best = true;
  return plan;
}

EngineOptions RestlessEngine() {
  EngineOptions engine;
  engine.seed = 5;
  engine.network.loss = 0.05;
  engine.network.jitter = std::chrono::seconds(1);
  engine.fold_time = std::chrono::seconds(1);
  return engine;
}

SyntheticOptions RestlessClients() {
  SyntheticOptions options;
  options.failure = 0.1;
  options.aggregate_failure = 0.2;
  return options;
}

TEST(Resume, EndsInTheSameJournalWhereverItWasInterruptedAndTrainsNothingTwice) {
  Federation whole(RestlessPlan(), RestlessClients());
  whole.engine = RestlessEngine();
  whole.profile.dropout = 0.1;
  Counting all(whole.synthetic);
  int actions = 0;
  ASSERT_EQ(*whole.Run(30, all, whole.synthetic, [&] { return ++actions < 0; }), Ending::kFinished);
  ASSERT_GT(actions, 500);

  for (int stop = 0; stop < actions; stop += 37) {
    Federation part(RestlessPlan(), RestlessClients());
    part.engine = RestlessEngine();
    part.profile.dropout = 0.1;
    Counting first(part.synthetic), second(part.synthetic);
    int left = stop;
    ASSERT_EQ(*part.Run(30, first, part.synthetic, [&] { return left-- == 0; }),
              Ending::kInterrupted);
    Resumed resumed(*part.synthetic.Load(), second, part.synthetic);
    const auto ending = part.Run(30, resumed, resumed);
    ASSERT_TRUE(ending.has_value()) << ending.error().message;
    EXPECT_EQ(part.synthetic.journal(), whole.synthetic.journal()) << "stopped after " << stop;
    EXPECT_EQ(part.synthetic.finished()->checkpoint, whole.synthetic.finished()->checkpoint);
    EXPECT_EQ(part.ended, whole.ended);
    EXPECT_LE(first.waited + second.waited, all.waited + 12) << "the cohort in flight, at most";
  }
}

TEST(Resume, RefusesAJournalThatThisRunDoesNotGive) {
  Federation federation(RestlessPlan());
  federation.engine = RestlessEngine();
  int left = 400;
  ASSERT_EQ(*federation.Run(30, [&] { return left-- == 0; }), Ending::kInterrupted);
  federation.profile.speed = 2;  // another environment
  Resumed resumed(*federation.synthetic.Load(), federation.synthetic, federation.synthetic);
  const auto ending = federation.Run(30, resumed, resumed);
  ASSERT_FALSE(ending.has_value());
  EXPECT_EQ(ending.error().code, Code::kDataLoss);
  EXPECT_THAT(ending.error().message, HasSubstr("journal record "));
}

// --- scale ---

TEST(Scale, SessionsExistOnlyForTheCohort) {
  Federation federation(Plan(3));
  federation.plan.cohort = 100;
  size_t most = 0;
  Observer nobody;
  const auto profile_of = [](const ClientId&) { return ClientProfile{}; };
  Engine engine(federation.plan, federation.engine, Clients(10'000), profile_of,
                federation.synthetic, federation.synthetic, nobody);
  ASSERT_EQ(*engine.Run([&] { return most = std::max(most, engine.sessions()), false; }),
            Ending::kFinished);
  EXPECT_GE(most, 100u);
  EXPECT_LE(most, 120u) << "the cohort, and whoever is just being told that it is done";
}

}  // namespace
}  // namespace tributary::simulation
