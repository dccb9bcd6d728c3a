#pragma once
// What a client is doing, for people and programs at its site: one document, and metrics for
// Prometheus. Nothing of it leaves the site by itself.

#include <optional>
#include <string>
#include <vector>

#include "aggregation/base/task.h"
#include "client/core/session.h"
#include "proto/http/series.h"

namespace tributary::edge {

inline constexpr int kClientStatusSchema = 1;

struct RunView {
  RunId run;
  client::Standing standing = client::Standing::kOpen;
  std::optional<Task> task;         // in hand
  std::string_view state = "idle";  // waiting, loading, fetching, training, ...
  double seconds = 0;               // since the task was begun
  int64_t round = 0;                // of the newest task
  std::string last;                 // how the last task ended, or empty
  std::string detail;               // of the last failure
};

struct View {
  std::string name, coordinator, project;
  std::string version, numerics, device;
  bool is_connected = false;
  double connected_seconds = 0;                // since it is, or since it is not
  std::optional<int64_t> certificate_expires;  // Unix time
  int64_t bytes_sent = 0, bytes_received = 0;  // updates and checkpoints, since the start
  std::vector<RunView> runs;                   // under way

  std::string_view state() const;  // of the client: disconnected, idle, or what a run's is
};

std::string ToJson(const View& view);

enum class MetricId {
  kBuildInfo,
  kStartTime,
  kState,
  kConnections,
  kCertificateExpires,
  kRuns,
  kTasks,
  kTaskSeconds,
  kSentBytes,
  kReceivedBytes,
};
http::MetricTable MetricTable();
std::string RenderMetricManual();  // docs/client-metrics.md

// Since the start. One thread.
class Metrics {
 public:
  Metrics();
  void Connection(std::string_view outcome);  // accepted, failed, lost
  void Ended(TaskKind kind, Reason reason, double seconds);
  // Prometheus' text format, version 0.0.4.
  std::string Render(const View& view);

 private:
  http::Series series_{MetricTable()};
  const double started_;  // Unix time
};

}  // namespace tributary::edge
