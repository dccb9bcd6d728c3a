#include "coordinator/monitor/metric_table.h"

namespace tributary::monitor {
namespace {

using http::MetricInfo, http::MetricType;

constexpr MetricType kCounter = MetricType::kCounter, kGauge = MetricType::kGauge,
                     kHistogram = MetricType::kHistogram;

const std::vector<double> kWriteSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                           0.05,   0.1,   0.25,   0.5,   1,    2.5};

std::vector<MetricInfo> MakeTable() {
  return {
      {"tributary_build_info", kGauge, "Always 1; what is running.", {"version", "numerics"}},
      {"tributary_start_time_seconds", kGauge, "When this process started, Unix time."},
      {"tributary_runs", kGauge, "Runs by phase, finished ones included.", {"phase"}},
      {"tributary_clients",
       kGauge,
       "Enrolled clients by state: disconnected, quarantined (too many of its updates were "
       "rejected), idle, away, waiting (it has a task and has not said what it does), loading, "
       "training, measuring, uploading, or other.",
       {"state"}},
      {"tributary_connections_total",
       kCounter,
       "Clients that asked to be connected, by outcome: accepted, refused; elsewhere counts those "
       "of "
       "the accepted that were connected from another address at that moment.",
       {"outcome"}},
      {"tributary_disconnections_total", kCounter, "Connections of clients that ended."},
      {"tributary_refused_total",
       kCounter,
       "Connections, calls and uploads that were refused: connections (too many without a "
       "certificate), handshake (ended before a certificate was shown and a call made), "
       "certificate "
       "(none, expired, revoked, of another project), role, rate, malformed, slow, uploads (too "
       "many "
       "at once), quota, not_asked (no open stage waits for it), conflict (other bytes for the "
       "same "
       "task, or a wrong digest), quarantine.",
       {"reason"}},
      {"tributary_upload_bytes_total", kCounter,
       "Bytes of updates that were received and stored, including what was sent twice."},
      {"tributary_download_bytes_total", kCounter,
       "Bytes of plans, checkpoints and adapters that were sent."},
      {"tributary_spooled_bytes", kGauge,
       "Bytes of updates on the disk, of open stages; at most limits.upload_quota."},
      {"tributary_queue_depth",
       kGauge,
       "What waits: calls of the driver, work of the folding threads, disk work of transfers.",
       {"queue"}},
      {"tributary_journal_records_total", kCounter, "Records that were made durable."},
      {"tributary_journal_append_seconds",
       kHistogram,
       "How long it takes to make records durable.",
       {},
       kWriteSeconds},
      {"tributary_run_halts_total",
       kCounter,
       "Runs that halted because a store or a disk failed, by code; RESOURCE_EXHAUSTED is a full "
       "disk.",
       {"code"}},
      {"tributary_rounds_total",
       kCounter,
       "Attempts at a round's training that ended: committed, or the reason why it was abandoned.",
       {"outcome"}},
      {"tributary_stages_total",
       kCounter,
       "The same of every kind of task: training, statistics, evaluations.",
       {"task", "outcome"}},
      {"tributary_phase_seconds",
       kHistogram,
       "How long stages select (wait for clients before they open), report (wait for updates) and "
       "aggregate.",
       {"phase"},
       http::LongDurations()},
      {"tributary_updates_accepted_total", kCounter, "Updates that count, by task.", {"task"}},
      {"tributary_updates_rejected_total",
       kCounter,
       "Updates that do not count: late (after its stage), bad_update (wrong layout, size, digest "
       "or not finite), conflict (a second one that differs).",
       {"reason"}},
      {"tributary_stragglers_total",
       kCounter,
       "Clients that were asked and did not report in time: late (enough others were sooner), "
       "deadline, dropped_out (the connection was lost and not found again within the grace).",
       {"reason"}},
      {"tributary_client_failures_total",
       kCounter,
       "Clients that ended their part themselves: declined (by the site's policy), failed, "
       "non_finite (a loss or a tensor).",
       {"reason"}},
      {"tributary_run_phase", kGauge, "1 for the phase that a run is in.", {"run", "phase"}},
      {"tributary_run_round", kGauge, "The round that is open or comes next.", {"run"}},
      {"tributary_run_rounds", kGauge, "Rounds that the plan has.", {"run"}},
      {"tributary_run_clients_pending",
       kGauge,
       "Clients that the open stage still waits for.",
       {"run"}},
      {"tributary_run_accuracy_ratio",
       kGauge,
       "Accuracy of the newest evaluation: on rows held out at the clients, or on public rows.",
       {"run", "on"}},
      {"tributary_run_loss",
       kGauge,
       "Mean loss: of the newest round's training, or of the newest evaluation.",
       {"run", "of"}},
      {"tributary_run_averaging_error_ratio",
       kGauge,
       "What averaging factors missed in the newest round, relative to the change.",
       {"run"}},
      {"tributary_run_epsilon",
       kGauge,
       "Privacy spent so far, at the plan's delta; private runs only.",
       {"run"}},
      {"tributary_run_last_commit_timestamp_seconds",
       kGauge,
       "When the run last committed a stage, Unix time; before the first one, when it was "
       "submitted.",
       {"run"}},
  };
}

}  // namespace

http::MetricTable MetricTable() {
  static const std::vector<MetricInfo> table = MakeTable();
  return table;
}

std::string RenderMetricManual() {
  return "# Metrics\n\n"
         "Made by `tributary coordinator --metrics`; do not edit. A coordinator with `[http] "
         "listen` serves them at `/metrics`. A\nrun is a label only until it has finished; a "
         "client never is one. Counters begin at zero when the coordinator starts.\n\n" +
         http::RenderTable(MetricTable());
}

}  // namespace tributary::monitor
