#pragma once
// The coordinator's metrics. Counters and histograms follow from what the observer hears; gauges
// are read from the federation whenever somebody asks. Owned by the driver's thread.

#include <map>

#include "coordinator/daemon/federation.h"
#include "coordinator/monitor/metric_table.h"
#include "coordinator/monitor/run_figures.h"

namespace tributary::monitor {

using Counts = std::vector<std::pair<std::string_view, int64_t>>;  // by label, since the start

// What only its owners know. Bytes are since the start.
struct Readings {
  std::vector<std::pair<std::string_view, size_t>> queues;
  int64_t bytes_received = 0, bytes_sent = 0;
  Counts refused = {};
  int64_t upload_bytes_spooled = 0;
};

class Metrics : public daemon::Observer {
 public:
  Metrics();

  // Prometheus' text format, version 0.0.4.
  std::string Render(const daemon::Federation& federation, const Readings& readings);

  void Opened(const daemon::Run& run, bool is_new) override;
  void Recorded(const daemon::Run& run, std::span<const coordinator::Record> records,
                Duration took) override;
  void Halted(const daemon::Run& run, const Error& why) override;
  void Recovered(const daemon::Run& run) override;
  void Connected(const ClientId& client, const proto::Hello& hello) override;
  void Disconnected(const ClientId& client) override;
  void Refused(const ClientId& client, const Error& why) override;
  void Elsewhere(const ClientId& client, std::string_view before, std::string_view now) override;
  // A gauge tells them.
  void Quarantined(const ClientId&, const Error&) override {}
  void Released(const ClientId&) override {}
  // Both are told by the records that follow.
  void Rejected(const daemon::Run&, const ClientId&, const Error&) override {}
  void Failed(const daemon::Run&, const ClientId&, Reason, std::string_view) override {}

 private:
  struct Known {
    RunFigures figures;
    int64_t late = 0;  // of those that were counted
    int64_t charged = 0;
    std::optional<double> epsilon;  // of `charged` events, once it was worked out
  };
  void Count(const RunFigures& before, const coordinator::Record& record);
  void AddRun(const daemon::Run& run, http::Gauges& gauges);

  http::Series series_{MetricTable()};
  std::map<RunId, Known> runs_;
  const double started_;  // Unix time
};

}  // namespace tributary::monitor
