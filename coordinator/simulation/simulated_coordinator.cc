#include "coordinator/simulation/simulated_coordinator.h"

#include <algorithm>

#include "coordinator/core/text.h"

namespace tributary::simulation {

void SimulatedCoordinator::Remember(std::span<const coordinator::Record> records) {
  for (const coordinator::Record& record : records) {
    records_.push_back(record);
    if (const auto* accepted = std::get_if<coordinator::UpdateAccepted>(&record))
      uploads_[accepted->sequence].push_back(accepted->digest);
  }
}

Status SimulatedCoordinator::Persist(std::span<const coordinator::Record> records) {
  std::vector<std::string> texts;
  for (const coordinator::Record& record : records) texts.push_back(ToText(record));
  RETURN_IF_ERROR(states_.Append(run_, texts));
  Remember(records);
  return {};
}

Result<std::vector<coordinator::Record>> SimulatedCoordinator::Load() {
  ASSIGN_OR_RETURN(const store::Recovered recovered, states_.Recover(run_));
  std::vector<coordinator::Record> records;
  for (const std::string& text : recovered.records) {
    ASSIGN_OR_RETURN(coordinator::Record record, coordinator::RecordFromText(text));
    records.push_back(std::move(record));
  }
  return records;
}

// What the stage cost, and what its clients said, summed; the journal carries it to every view.
void SimulatedCoordinator::AddTotals(const coordinator::FinishAggregate& command,
                                     std::vector<Metric>* metrics) {
  const StageTotals totals = clients_.Totals(command.task.sequence);
  int64_t bytes_up =
      0;  // from the accepted set, of which a resumed run has seen a part only in the journal
  for (const coordinator::AcceptedUpdate& update : command.updates)
    bytes_up += fold::UploadBytes(folder_.plan(), update.client, command.task);
  metrics->push_back({"bytes_up", static_cast<double>(bytes_up)});
  metrics->push_back({"bytes_down", static_cast<double>(totals.bytes_down)});
  if (command.task.kind != TaskKind::kTrain) return;
  metrics->push_back({"train_seconds", totals.train_seconds});
  if (!report_metrics_) return;
  double loss = 0, rows = 0, tokens = 0;
  for (const coordinator::Record& record : records_) {
    const auto* accepted = std::get_if<coordinator::UpdateAccepted>(&record);
    if (!accepted || accepted->sequence != command.task.sequence) continue;
    const auto value = [&](std::string_view name) {
      for (const Metric& metric : accepted->metrics)
        if (metric.name == name) return metric.value;
      return 0.0;
    };
    loss += value("loss") * value("rows");
    rows += value("rows");
    tokens += value("tokens");
  }
  if (rows > 0) metrics->push_back({"train_loss", loss / rows});
  metrics->push_back({"rows", rows});
  metrics->push_back({"tokens", tokens});
}

Result<std::optional<coordinator::AggregateFinished>> SimulatedCoordinator::Aggregate(
    const coordinator::FinishAggregate& command) {
  std::string why;
  ASSIGN_OR_RETURN(auto finished, folder_.Fold(command, &why));
  if (!finished)
    last_fault_ =
        fmt::format("{} of round {}: {}", Name(command.task.kind), command.task.round, why);
  else
    AddTotals(command, &finished->metrics);
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
  // States of old rounds; the best so far and the last ones stay.
  if (keep_rounds_ == 0 || published_.empty()) return {};
  const int64_t oldest = published_.back().first - keep_rounds_;
  std::erase_if(published_, [&](const auto& item) {
    const bool old = item.first <= oldest && item.first > 0;
    return old && item.second != best_ && blobs_.Delete(item.second).has_value();
  });
  return {};
}

Status SimulatedCoordinator::Finish(const coordinator::FinishRun& command) {
  finish_ = command;
  return {};
}

}  // namespace tributary::simulation
