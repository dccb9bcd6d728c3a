#pragma once
// What metrics and log lines say of a run beyond its state: the newest figures, and how the open
// stage goes. A function of the journal's records.

#include <optional>

#include "coordinator/core/record.h"

namespace tributary::monitor {

struct OpenStage {
  int64_t sequence = 0, round = 0, attempt = 0;
  TaskKind kind = TaskKind::kTrain;
  TimePoint opened;
  std::optional<TimePoint> closed;
  int64_t selected = 0, accepted = 0, ended = 0;  // clients
  int64_t pending() const { return selected - accepted - ended; }
};

struct RunFigures {
  std::optional<OpenStage> stage;  // until it is committed or abandoned
  std::optional<double> accuracy_on_clients, accuracy_on_public;
  std::optional<double> loss_on_clients, loss_on_public, train_loss, averaging_error;
  std::optional<TimePoint> last_commit;

  void Apply(const coordinator::Record& record);
};

// The value of that name, if it was recorded.
std::optional<double> Find(const std::vector<Metric>& metrics, std::string_view name);

}  // namespace tributary::monitor
