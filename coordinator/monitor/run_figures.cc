#include "coordinator/monitor/run_figures.h"

namespace tributary::monitor {

using namespace coordinator;  // NOLINT: the records

std::optional<double> Find(const std::vector<Metric>& metrics, std::string_view name) {
  for (const Metric& metric : metrics)
    if (metric.name == name) return metric.value;
  return std::nullopt;
}

void RunFigures::Apply(const Record& record) {
  if (const auto* opened = std::get_if<StageOpened>(&record)) {
    stage = OpenStage{opened->sequence,
                      opened->round,
                      opened->attempt,
                      opened->kind,
                      opened->opened,
                      std::nullopt,
                      static_cast<int64_t>(opened->cohort.size())};
  } else if (std::holds_alternative<StageAbandoned>(record)) {
    stage.reset();
  } else if (!stage) {
    return;  // all others belong to a stage, or change nothing here
  } else if (std::holds_alternative<UpdateAccepted>(record)) {
    ++stage->accepted;
  } else if (std::holds_alternative<ClientEnded>(record)) {
    ++stage->ended;
  } else if (const auto* closed = std::get_if<StageClosed>(&record)) {
    stage->closed = closed->closed;
    stage->ended = stage->selected - stage->accepted;
  } else if (const auto* committed = std::get_if<StageCommitted>(&record)) {
    last_commit = committed->committed;
    const bool on_clients = stage->kind == TaskKind::kEvaluate;
    if (on_clients || stage->kind == TaskKind::kPublicEvaluate) {
      if (committed->rows > 0)
        (on_clients ? accuracy_on_clients : accuracy_on_public) =
            static_cast<double>(committed->correct) / static_cast<double>(committed->rows);
      (on_clients ? loss_on_clients : loss_on_public) = Find(committed->metrics, "loss");
    } else if (stage->kind == TaskKind::kTrain) {
      train_loss = Find(committed->metrics, "train_loss");
      averaging_error = Find(committed->metrics, "averaging_error");
    }
    stage.reset();
  }
}

}  // namespace tributary::monitor
