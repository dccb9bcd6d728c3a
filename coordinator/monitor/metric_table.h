#pragma once
// Every metric of the coordinator: the one list from which they are made, documented
// (docs/metrics.md) and checked against alert rules and boards. Names and labels follow
// Prometheus' conventions and, once released, keep their meaning. Labels are bounded: a run is a
// label only while it is under way (limits.runs), and a client never is.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::monitor {

// In the order of the table.
enum class MetricId {
  kBuildInfo,
  kStartTime,
  kRuns,
  kClients,
  kConnections,
  kDisconnections,
  kRefused,
  kUploadBytes,
  kDownloadBytes,
  kSpooledBytes,
  kQueueDepth,
  kJournalRecords,
  kJournalAppend,
  kHalts,
  kRounds,
  kStages,
  kPhase,
  kAccepted,
  kRejected,
  kStragglers,
  kFailures,
  kRunPhase,
  kRunRound,
  kRunRounds,
  kRunPending,
  kRunAccuracy,
  kRunLoss,
  kRunAveragingError,
  kRunEpsilon,
  kRunLastCommit,
};

enum class MetricType { kCounter, kGauge, kHistogram };

struct MetricInfo {
  std::string_view name;
  MetricType type = MetricType::kGauge;
  std::string_view help;
  std::vector<std::string_view> labels = {};
  std::vector<double> buckets = {};  // upper bounds of a histogram's
};

std::span<const MetricInfo> MetricTable();
const MetricInfo& InfoOf(MetricId metric);

// docs/metrics.md
std::string RenderMetricManual();

}  // namespace tributary::monitor
