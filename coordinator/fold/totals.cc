#include "coordinator/fold/totals.h"

namespace tributary::fold {

std::vector<coordinator::UpdateAccepted> AcceptedOf(std::span<const coordinator::Record> records,
                                                    int64_t sequence) {
  std::vector<coordinator::UpdateAccepted> accepted;
  for (const coordinator::Record& record : records)
    if (const auto* update = std::get_if<coordinator::UpdateAccepted>(&record))
      if (update->sequence == sequence) accepted.push_back(*update);
  return accepted;
}

double MetricOf(const coordinator::UpdateAccepted& accepted, std::string_view name) {
  for (const Metric& metric : accepted.metrics)
    if (metric.name == name) return metric.value;
  return 0;
}

void AddTotals(const FoldPlan& plan, const Task& task,
               std::span<const coordinator::UpdateAccepted> accepted, StageTotals totals,
               bool report_metrics, std::vector<Metric>* metrics) {
  int64_t bytes_up = 0;
  double loss = 0, rows = 0, tokens = 0;
  for (const coordinator::UpdateAccepted& update : accepted) {
    bytes_up += UploadBytes(plan, update.client, task);
    loss += MetricOf(update, "loss") * MetricOf(update, "rows");
    rows += MetricOf(update, "rows");
    tokens += MetricOf(update, "tokens");
  }
  metrics->push_back({"bytes_up", static_cast<double>(bytes_up)});
  metrics->push_back({"bytes_down", static_cast<double>(totals.bytes_down)});
  if (task.kind != TaskKind::kTrain) return;
  metrics->push_back({"train_seconds", totals.train_seconds});
  if (!report_metrics) return;
  if (rows > 0) metrics->push_back({"train_loss", loss / rows});
  metrics->push_back({"rows", rows});
  metrics->push_back({"tokens", tokens});
}

}  // namespace tributary::fold
