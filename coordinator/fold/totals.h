#pragma once
// What a stage cost and what its clients said of it, summed over the accepted set: metrics of the
// record that commits it, from which every view of the run is made.

#include "coordinator/core/record.h"
#include "coordinator/fold/folder.h"

namespace tributary::fold {

// Of work that the coordinator does not see.
struct StageTotals {
  int64_t bytes_down = 0;
  double train_seconds = 0;
};

// `accepted` are the stage's UpdateAccepted records. Without `report_metrics` only sizes are said.
void AddTotals(const FoldPlan& plan, const Task& task,
               std::span<const coordinator::UpdateAccepted> accepted, StageTotals totals,
               bool report_metrics, std::vector<Metric>* metrics);

// The accepted updates of a stage, in the order of the journal.
std::vector<coordinator::UpdateAccepted> AcceptedOf(std::span<const coordinator::Record> records,
                                                    int64_t sequence);

// A metric that a client sent; 0 where it sent none of that name.
double MetricOf(const coordinator::UpdateAccepted& accepted, std::string_view name);

}  // namespace tributary::fold
