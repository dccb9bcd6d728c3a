#include "tests/coordinator/simulation/end_checks.h"

#include <algorithm>
#include <set>

#include "coordinator/core/coordinator.h"

namespace tributary::simulation {

using coordinator::Coordinator;
using coordinator::Record;
using coordinator::RunPlan;

Faults CheckPrefixes(const RunPlan& plan, std::span<const Record> journal) {
  coordinator::State state;
  for (size_t i = 0; i <= journal.size(); ++i) {
    if (i > 0 && !state.Apply(plan, journal[i - 1]))
      return {fmt::format("record {} cannot be applied", i - 1)};
    auto core = Coordinator::Recover(plan, journal.first(i), TimePoint{std::chrono::hours(1000)});
    if (!core) return {fmt::format("{} records: {}", i, core.error().message)};
    coordinator::State next = state;
    for (auto ready = core->TakeReady(); !ready.empty(); ready = core->TakeReady())
      for (const Record& record : ready.records)
        if (!next.Apply(plan, record)) return {fmt::format("{} records: goes on wrongly", i)};
    if (next != core->state()) return {fmt::format("{} records: another state", i)};
  }
  return {};
}

namespace {

// Does what clients and coordinator should have done, stage by stage.
class Recomputation {
 public:
  Recomputation(const RunPlan& plan, const SyntheticOptions& options)
      : plan_(plan), federation_(options), checkpoint_(plan.start_checkpoint) {}

  void Follow(const Record& record) {
    if (const auto* opened = std::get_if<coordinator::StageOpened>(&record)) {
      fold_ = {{opened->sequence, opened->kind, opened->round, opened->attempt, checkpoint_, {}},
               {}};
    } else if (const auto* accepted = std::get_if<coordinator::UpdateAccepted>(&record)) {
      federation_.Start(accepted->client, fold_.task, {});
      const auto update = federation_.Wait(accepted->client, accepted->sequence);
      if (!update || update->digest != accepted->digest)
        faults_.push_back("an accepted update is not what its client makes of the checkpoint");
      fold_.updates.push_back({accepted->client, accepted->digest, accepted->weight});
    } else if (const auto* committed = std::get_if<coordinator::StageCommitted>(&record)) {
      Commit(*committed);
    }
  }

  Faults Finish(const std::optional<coordinator::FinishRun>& finished) {
    if (!finished) {
      faults_.push_back("the run's end was never carried out");
    } else if (finished->checkpoint != (plan_.keep_best && best_rows_ > 0 ? best_ : checkpoint_)) {
      faults_.push_back("the checkpoint that is kept is not the last or the best");
    }
    return faults_;
  }

 private:
  void Commit(const coordinator::StageCommitted& committed) {
    std::sort(fold_.updates.begin(), fold_.updates.end(),
              [](const auto& a, const auto& b) { return a.client < b.client; });
    const auto result = federation_.Aggregate(fold_);
    if (!result || !*result || (*result)->digest != committed.digest)
      return faults_.push_back("a result is not what plan and accepted set give");
    if (Traits(fold_.task.kind).changes_checkpoint) checkpoint_ = committed.digest;
    if (fold_.task.kind != TaskKind::kEvaluate) return;
    const bool is_better =
        best_rows_ == 0 || committed.correct * best_rows_ > best_correct_ * committed.rows;
    if (!is_better || committed.rows == 0) return;
    best_ = checkpoint_, best_rows_ = committed.rows, best_correct_ = committed.correct;
  }

  const RunPlan& plan_;
  SyntheticFederation federation_;
  coordinator::FinishAggregate fold_;
  Digest checkpoint_, best_;
  int64_t best_rows_ = 0, best_correct_ = 0;
  Faults faults_;
};

}  // namespace

Faults CheckResults(const RunPlan& plan, SyntheticOptions options, std::span<const Record> journal,
                    const std::optional<coordinator::FinishRun>& finished) {
  options.failure = options.aggregate_failure = 0;
  Recomputation again(plan, options);
  for (const Record& record : journal) again.Follow(record);
  return again.Finish(finished);
}

namespace {

struct ClientBooks {
  std::map<int64_t, client::UpdateReady> ready;  // by sequence
  std::map<int64_t, Reason> ended;
};

Result<ClientBooks> Read(const FaultyJournal& journal) {
  ClientBooks books;
  client::TaskInHand in_hand;
  int64_t newest = 0;  // task
  for (const std::string& text : journal.records()) {
    ASSIGN_OR_RETURN(const client::Record record, client::RecordFromText(text));
    RETURN_IF_ERROR(in_hand.Apply(record));
    if (const auto* taken = std::get_if<client::TaskTaken>(&record)) {
      if (taken->task.sequence <= newest)
        return MakeError(Code::kDataLoss, "task {} was taken again", taken->task.sequence);
      newest = taken->task.sequence;
    }
    if (const auto* ready = std::get_if<client::UpdateReady>(&record))
      books.ready[ready->sequence] = *ready;
    if (const auto* ended = std::get_if<client::TaskEnded>(&record))
      books.ended[ended->sequence] = ended->reason;
  }
  return books;
}

}  // namespace

Faults CheckClients(const RunPlan& plan, std::span<const Record> journal,
                    const std::map<ClientId, FaultyJournal>& clients) {
  Faults faults;
  std::map<ClientId, ClientBooks> books;
  for (const auto& [client, its] : clients) {
    auto read = Read(its);
    if (!read) return {fmt::format("journal of {}: {}", client.value, read.error().message)};
    books[client] = *std::move(read);
  }
  std::set<std::pair<int64_t, ClientId>> accepted;
  for (const Record& record : journal) {
    if (const auto* update = std::get_if<coordinator::UpdateAccepted>(&record)) {
      accepted.emplace(update->sequence, update->client);
      const auto& made = books[update->client].ready;
      const auto it = made.find(update->sequence);
      if (it == made.end() || it->second.digest != update->digest ||
          std::min(it->second.weight, plan.max_weight) != update->weight)
        faults.push_back("an accepted update is not in its client's journal");
    } else if (const auto* end = std::get_if<coordinator::ClientEnded>(&record);
               end != nullptr && IsClientFault(end->reason)) {
      const auto& made = books[end->client].ready;
      const auto it = made.find(end->sequence);
      if (it == made.end() || it->second.reason != end->reason)
        faults.push_back("a client's failure is not in its journal");
    }
  }
  for (const auto& [client, its] : books) {
    for (const auto& [sequence, reason] : its.ended) {
      if (reason == Reason::kAccepted && !accepted.contains({sequence, client}))
        faults.push_back("a client was told of an acceptance that is not in the journal");
      if (reason == Reason::kConflict || reason == Reason::kNotSelected)
        faults.push_back(fmt::format("an honest client was dismissed: {}", Name(reason)));
    }
  }
  return faults;
}

}  // namespace tributary::simulation
