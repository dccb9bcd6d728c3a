#pragma once
// Every metric of the coordinator: the one list from which they are made, documented
// (docs/metrics.md) and checked against alert rules and boards. Names and labels follow
// Prometheus' conventions and, once released, keep their meaning. Labels are bounded: a run is a
// label only while it is under way (limits.runs), and a client never is.

#include <string>

#include "proto/http/series.h"

namespace tributary::monitor {

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

// In the order of MetricId.
http::MetricTable MetricTable();

// docs/metrics.md
std::string RenderMetricManual();

}  // namespace tributary::monitor
