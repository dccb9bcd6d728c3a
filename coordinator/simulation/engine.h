#pragma once
// A whole federation in virtual time: the very machines that daemon and edge client run, a network
// that loses, delays, repeats, reorders and parts, clients that are slow, absent or vanish, and
// both ends killed between any two effects, with stores that may fail.
//
// Time is a queue of actions ordered by (time, sequence number); nothing measures. Every random
// draw is from a stream named by a client and its task, so a run is a function of plan, options,
// names and work. Sessions exist only for clients that hold or await a task: an idle client costs
// its name twice and a few bytes. One thread.

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>

#include "aggregation/base/random.h"
#include "client/core/session.h"
#include "coordinator/core/coordinator.h"
#include "coordinator/simulation/work.h"

namespace tributary::simulation {

struct ClientProfile {
  double speed = 1;         // units of work per second
  double bandwidth = 1e6;   // bytes per second, either way
  double dropout = 0;       // probability to vanish in the middle of a task
  double availability = 1;  // share of the periods in which an idle client can be reached
};

struct NetworkOptions {
  Duration delay = std::chrono::milliseconds(20);
  Duration jitter{0};  // mean of an exponential that is added, so messages overtake each other
  double loss = 0;
  double duplication = 0;
  // Again and again a drawn set of clients is cut off, both ways. Mean times; 0: never.
  Duration parted_every{0};
  Duration parted_for = std::chrono::seconds(30);
};

struct EngineOptions {
  uint64_t seed = 0;
  NetworkOptions network;
  client::SessionOptions session;               // its name and seed are filled in
  Duration fold_time{0};                        // of an aggregate
  Duration notice = std::chrono::seconds(5);    // until a vanished client is noticed
  Duration absence = std::chrono::minutes(10);  // mean, of a vanished client
  Duration availability_period = std::chrono::hours(1);
  double crash = 0;  // probability that the coordinator dies in a persist or after a command
  Duration downtime = std::chrono::seconds(10);
  // Persist may fail: ABORTED, and the coordinator dies in it; else the run stands still for the
  // downtime and goes on from what is durable. Where this is not set, it ends the simulation.
  bool is_store_faulty = false;
  double client_crash = 0;                // probability that a client dies after a command
  ClientJournals* journals = nullptr;     // outlives the engine; null: a journal ends with its task
  TimePoint faults_end{Duration::max()};  // from then on nothing is lost and nobody vanishes
  int64_t max_actions = int64_t{1} << 32;
};

// A client's part in one task, told when the client has done with it.
struct TaskReport {
  ClientId client;
  Task task;
  Reason reason = Reason::kPending;  // as the client learnt it; kDroppedOut when it vanished
  TimePoint begun, ended;
  std::optional<TimePoint> worked, uploaded;
  WorkCost cost;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnEvent(TimePoint, const coordinator::Event&) {}
  virtual void OnReady(TimePoint, const coordinator::Ready&) {}       // its records are durable
  virtual void OnStep(TimePoint, const coordinator::Coordinator&) {}  // its ready is carried out
  virtual void OnRecovered(TimePoint, const coordinator::Coordinator&) {}
  virtual void OnClientRecovered(TimePoint, const ClientId&, const client::TaskInHand&) {}
  virtual void OnPartition(TimePoint, const std::set<ClientId>&) {}
  virtual void OnTaskEnd(const TaskReport&) {}
};

enum class Ending { kFinished, kPaused, kInterrupted };

class Engine {
 public:
  using ProfileOf = std::function<ClientProfile(const ClientId&)>;

  // The works and the observer are the caller's and outlive the engine. The designated client, if
  // the plan has one, is among `clients`.
  Engine(coordinator::RunPlan plan, EngineOptions options, std::vector<ClientId> clients,
         ProfileOf profile_of, ClientWork& client_work, CoordinatorWork& coordinator_work,
         Observer& observer);
  ~Engine();

  // Runs until the run has finished or pauses, or `is_interrupted` says so between two actions.
  // May be called again after the latter two. Errors: the works', or a run that can never go on.
  Result<Ending> Run(const std::function<bool()>& is_interrupted = {});

  // Takes effect at the current time.
  Status Request(coordinator::OperatorRequest::Kind kind);

  TimePoint now() const { return now_; }
  const coordinator::Coordinator* coordinator() const { return coordinator_.get(); }  // or down
  size_t sessions() const { return actors_.size(); }

 private:
  struct Actor;
  struct Action {
    TimePoint at;
    int64_t number = 0;
    std::function<Status()> run;
    bool operator<(const Action& other) const {  // the queue's top is the greatest
      return other.at == at ? other.number < number : other.at < at;
    }
  };

  void At(TimePoint at, std::function<Status()> run);
  bool HasFaults() const { return now_ < options_.faults_end; }
  std::optional<Ending> EndingNow() const;

  // The coordinator's driver.
  Status StartCoordinator();
  Status StepCoordinator(const coordinator::Event& event);
  Status CarryOutReady();
  Status CarryOut(const coordinator::Command& command);
  bool DiesHere();
  void Crash();
  void Halt();
  void SetCoordinatorTimer();
  Status ChangePopulation(coordinator::PopulationChanged::Kind kind, std::vector<ClientId> names);
  Status Fold(const coordinator::FinishAggregate& command);

  // The network.
  template <typename Deliver>
  void Transmit(Actor& actor, Deliver deliver);
  void ToClient(const ClientId& client, client::Event event);
  void ToCoordinator(Actor& actor, coordinator::Event event, bool is_hello);
  Status Arrive(const ClientId& client, int64_t life, const coordinator::Event& event,
                bool is_hello);

  void AwaitPartition();
  Status BeginPartition(Random random);
  Status EndPartition();
  Status NoticeCut(const ClientId& client, int64_t life, int64_t link);
  bool IsCut(const ClientId& client) const { return HasFaults() && cut_.contains(client); }

  // The clients' driver.
  Actor* Find(const ClientId& client, int64_t life);
  client::SessionOptions SessionOf(const ClientId& client) const;
  Status Wake(const ClientId& client, const Task& task);
  Status Drive(Actor& actor, const client::Event& event);
  Status Pump(Actor& actor);
  Status Keep(Actor& actor, std::span<const client::Record> records);
  bool DiesHere(Actor& actor);
  void CarryOut(Actor& actor, const client::Command& command);
  void BeginWork(Actor& actor, const Task& task);
  void BeginUpload(Actor& actor, int64_t sequence);
  void BeginConnect(Actor& actor);
  void Vanish(Actor& actor);
  Status Return(Actor& actor);
  void BeginReport(Actor& actor, const Task& task);
  void EndReport(Actor& actor, Reason reason);
  bool IsForgettable(const Actor& actor) const;
  void Forget(Actor& actor);

  // Availability of idle clients, in periods.
  bool IsAvailable(const ClientId& client) const;
  Status ChangeAvailability();
  Status TellWhoIsThere();

  coordinator::RunPlan plan_;
  EngineOptions options_;
  std::vector<ClientId> clients_;
  ProfileOf profile_of_;
  ClientWork& client_work_;
  CoordinatorWork& coordinator_work_;
  Observer& observer_;

  TimePoint now_;
  std::priority_queue<Action> queue_;
  int64_t actions_ = 0;

  std::unique_ptr<coordinator::Coordinator> coordinator_;  // null while it is down
  int64_t incarnation_ = 0;
  std::optional<TimePoint> coordinator_timer_;
  Random crash_random_;

  std::map<ClientId, std::unique_ptr<Actor>> actors_;
  int64_t lives_ = 0;
  int64_t open_reports_ = 0;
  int64_t partitions_ = 0;
  std::set<ClientId> cut_;  // by the partition that there is
  bool has_churn_ = false;
};

}  // namespace tributary::simulation
