#include "coordinator/simulation/simulated_coordinator.h"

#include <algorithm>

#include "aggregation/base/crash_point.h"
#include "coordinator/core/text.h"

namespace tributary::simulation {

Status SimulatedCoordinator::Remember(std::span<const coordinator::Record> records) {
  for (const coordinator::Record& record : records) {
    RETURN_IF_ERROR(state_.Apply(plan_, record));
    records_.push_back(record);
    if (const auto* accepted = std::get_if<coordinator::UpdateAccepted>(&record))
      uploads_[accepted->sequence].push_back(accepted->digest);
  }
  return {};
}

Status SimulatedCoordinator::Persist(std::span<const coordinator::Record> records) {
  RETURN_IF_ERROR(states_.Append(run_, coordinator::ToTexts(records)));
  for (const coordinator::Record& record : records)
    std::visit([](const auto& r) { CrashPoint(r.kName); }, record);
  return Remember(records);
}

Result<std::vector<coordinator::Record>> SimulatedCoordinator::Load() {
  ASSIGN_OR_RETURN(const store::Recovered recovered, states_.Recover(run_));
  ASSIGN_OR_RETURN(auto records, coordinator::RecordsFromTexts(recovered.records));
  records_.clear();
  state_ = {};
  uploads_.clear();
  RETURN_IF_ERROR(Remember(records));
  return records;
}

Result<std::optional<coordinator::AggregateFinished>> SimulatedCoordinator::Aggregate(
    const coordinator::FinishAggregate& command) {
  std::string why;
  ASSIGN_OR_RETURN(auto finished, folder_.Fold(command, &why));
  if (!finished) {
    last_fault_ =
        fmt::format("{} of round {}: {}", Name(command.task.kind), command.task.round, why);
    return finished;
  }
  fold::AddTotals(folder_.plan(), command.task, fold::AcceptedOf(records_, command.task.sequence),
                  clients_.Totals(command.task.sequence), report_metrics_, &finished->metrics);
  return finished;
}

Status SimulatedCoordinator::Publish(const coordinator::PublishCheckpoint& command) {
  if (published_.empty() || published_.back().second != command.digest)
    published_.push_back({command.round, command.digest});
  return {};
}

Status SimulatedCoordinator::Discard(const coordinator::DiscardUploads& command) {
  std::set<Digest> needed;
  for (auto it = uploads_.lower_bound(command.before); it != uploads_.end(); ++it)
    needed.insert(it->second.begin(), it->second.end());
  for (auto it = uploads_.begin(); it != uploads_.lower_bound(command.before);
       it = uploads_.erase(it))
    for (const Digest& digest : it->second)
      if (!needed.contains(digest)) RETURN_IF_ERROR(blobs_.Delete(digest));
  // States of old rounds; the one to be kept and the last ones stay.
  if (keep_rounds_ == 0 || published_.empty()) return {};
  const Digest kept = state_.Kept(plan_).checkpoint;
  const int64_t oldest = published_.back().first - keep_rounds_;
  std::erase_if(published_, [&](const auto& item) {
    const bool old = item.first <= oldest && item.first > 0;
    return old && item.second != kept && blobs_.Delete(item.second).has_value();
  });
  return {};
}

Status SimulatedCoordinator::Finish(const coordinator::FinishRun& command) {
  finish_ = command;
  return {};
}

}  // namespace tributary::simulation
