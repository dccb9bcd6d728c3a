#include "coordinator/simulation/resumed.h"

#include "coordinator/core/text.h"

namespace tributary::simulation {

using coordinator::Record;

Resumed::Resumed(std::vector<Record> journal, ClientWork& client_work,
                 CoordinatorWork& coordinator_work)
    : journal_(std::move(journal)), client_work_(client_work), coordinator_work_(coordinator_work) {
  for (const Record& record : journal_) {
    if (const auto* r = std::get_if<coordinator::UpdateAccepted>(&record)) {
      results_[{r->sequence, r->client}] = {Reason::kAccepted, r->digest, r->weight, r->metrics};
    } else if (const auto* ended = std::get_if<coordinator::ClientEnded>(&record)) {
      if (IsClientFault(ended->reason)) {
        results_[{ended->sequence, ended->client}] = WorkResult{ended->reason};
      }
    } else if (const auto* closed = std::get_if<coordinator::StageClosed>(&record)) {
      closed_ = closed->sequence;
    } else if (const auto* done = std::get_if<coordinator::StageCommitted>(&record)) {
      aggregates_[done->sequence] = coordinator::AggregateFinished{
          done->sequence, done->digest, done->rows, done->correct, done->metrics};
    } else if (const auto* failed = std::get_if<coordinator::StageAbandoned>(&record)) {
      if (failed->reason == Reason::kAggregateFailed) aggregates_[failed->sequence] = std::nullopt;
    }
  }
}

// What a client brings to a stage that is closed either is in the journal or comes too late to
// count, and then it may be anything.
bool Resumed::IsKnown(const ClientId& client, int64_t sequence) const {
  return sequence <= closed_ || results_.contains({sequence, client});
}

WorkCost Resumed::Cost(const ClientId& client, const Task& task) {
  return client_work_.Cost(client, task);
}

void Resumed::Start(const ClientId& client, const Task& task, TimePoint wanted) {
  if (!IsKnown(client, task.sequence)) client_work_.Start(client, task, wanted);
}

Result<WorkResult> Resumed::Wait(const ClientId& client, int64_t sequence) {
  if (!IsKnown(client, sequence)) return client_work_.Wait(client, sequence);
  const auto it = results_.find({sequence, client});
  return it == results_.end() ? WorkResult{Reason::kAccepted, Digest{}, 1, {}} : it->second;
}

void Resumed::Abandon(const ClientId& client, int64_t sequence) {
  if (!IsKnown(client, sequence)) client_work_.Abandon(client, sequence);
}

Status Resumed::Persist(std::span<const Record> records) {
  while (!records.empty() && IsReplaying()) {
    if (!(records.front() == journal_[replayed_])) {
      return MakeError(Code::kDataLoss,
                       "journal record {} is \"{}\", and resuming gives \"{}\": the plan, the "
                       "data or the program is not the one that wrote it",
                       replayed_, coordinator::ToText(journal_[replayed_]),
                       coordinator::ToText(records.front()));
    }
    ++replayed_;
    records = records.subspan(1);
  }
  return records.empty() ? Status() : coordinator_work_.Persist(records);
}

// The engine begins anew; it finds the journal record by record as it goes.
Result<std::vector<Record>> Resumed::Load() { return std::vector<Record>{}; }

Result<std::optional<coordinator::AggregateFinished>> Resumed::Aggregate(
    const coordinator::FinishAggregate& command) {
  const auto it = aggregates_.find(command.task.sequence);
  if (it != aggregates_.end()) return it->second;
  return coordinator_work_.Aggregate(command);
}

Status Resumed::Publish(const coordinator::PublishCheckpoint& command) {
  return coordinator_work_.Publish(command);  // its blobs are there to be discarded some day
}

Status Resumed::Discard(const coordinator::DiscardUploads& command) {
  return IsReplaying() ? Status() : coordinator_work_.Discard(command);
}

Status Resumed::Finish(const coordinator::FinishRun& command) {
  return coordinator_work_.Finish(command);
}

}  // namespace tributary::simulation
