#pragma once
// The coordinator of one run as a deterministic machine: it decides, and does nothing else. It has
// no clock, file, socket, lock or thread; time is an argument. One thread owns it.
//
//   for each event:  Step(now, event), then TakeReady() until it is empty (contract in ready.h).
//   when NextDeadline() comes and nothing else has:  Step(now, DeadlineReached{}).
//
// A client's fault ends that client's part with a reason and is no error of Step. A failed Step
// has changed nothing and means that the driver broke a promise.

#include <deque>
#include <map>

#include "coordinator/core/event.h"
#include "coordinator/core/population.h"
#include "coordinator/core/ready.h"
#include "coordinator/core/state.h"

namespace tributary::coordinator {

// What is to be folded of a stage whose accepted set is final.
FinishAggregate AggregateOf(const Stage& stage);

class Coordinator {
 public:
  // A run from its journal, which may be empty, or end after any record. Nobody is enrolled or
  // connected yet; the first ready asks again for whatever the journal leaves undone.
  // InvalidArgument lists the plan's faults; DataLoss names the record that cannot be.
  static Result<Coordinator> Recover(RunPlan plan, std::span<const Record> records, TimePoint now);

  Status Step(TimePoint now, const Event& event);
  Ready TakeReady();
  std::optional<TimePoint> NextDeadline() const;  // always later than the last step

  const RunPlan& plan() const { return plan_; }
  const State& state() const { return state_; }
  const Population& population() const { return population_; }
  int64_t refused_offers() const { return refused_offers_; }  // since the start of the process
  // The newest stage that a client of this process has told of; sequence, 0: none.
  int64_t seen() const { return seen_; }

 private:
  explicit Coordinator(RunPlan plan) : plan_(std::move(plan)) {}

  void On(TimePoint now, const PopulationChanged& event);
  void On(TimePoint now, const TaskHeld& event);
  void On(TimePoint, const ClientSaid& event);
  void On(TimePoint now, const StageSeen& event);
  void On(TimePoint now, const UpdateOffered& event);
  void On(TimePoint now, const ClientFailed& event);
  void On(TimePoint now, const AggregateFinished& event);
  void On(TimePoint now, const AggregateFailed& event);
  void On(TimePoint now, const OperatorRequest& event);
  void On(TimePoint now, const DeadlineReached& event);

  void ChangePopulation(PopulationChanged::Kind kind, std::span<const ClientId> names);

  // Does all that time and state imply; called after every event.
  void Continue(TimePoint now);
  bool ContinueSelecting(TimePoint now);  // each returns whether it recorded anything
  bool ContinueReporting(TimePoint now);
  bool ContinueAggregating(TimePoint now);
  std::optional<Reason> WhyFinished() const;
  bool OpenStage(TimePoint now, TaskKind kind);
  void EndLostClients(TimePoint now);
  void CloseStage(TimePoint now, Reason rest);
  void AbandonStage(TimePoint now, Reason reason);
  void BreakOff(TimePoint now, Reason reason);
  void Stop(TimePoint now);

  void Away(TimePoint now, const ClientId& client);
  void Back(const ClientId& client);
  void EndClient(const Stage& stage, const ClientId& client, Reason reason);
  void Refuse(const ClientId& client, int64_t sequence, Reason reason);
  const Stage* ReportingStage() const;
  TimePoint Deadline(const Stage& stage) const;

  void Emit(Record record);  // applies it and puts it into the ready
  void Ask(Command command) { ready_.commands.push_back(std::move(command)); }

  RunPlan plan_;
  State state_;
  Ready ready_;

  // Not durable: who is there, and what this process has asked for.
  TimePoint now_;  // of the last step
  Population population_;
  bool designated_connected_ = false;
  std::map<ClientId, TimePoint> away_;                 // pending members, and when they are lost
  std::deque<std::pair<TimePoint, ClientId>> losses_;  // the same in order; may hold outdated ones
  TimePoint not_closed_before_;  // a stage found open at recovery gets the grace, at least
  int64_t asked_aggregate_ = 0;  // sequence
  std::map<ClientId, ClientDescribed> said_;  // and not yet in a record
  int64_t seen_ = 0;  // the newest stage that a client has told of; sequence
  int64_t refused_offers_ = 0;
};

}  // namespace tributary::coordinator
