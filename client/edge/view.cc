#include "client/edge/view.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <map>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"

namespace tributary::edge {
namespace {

using http::MetricInfo, http::MetricType;
using Json = nlohmann::ordered_json;

std::vector<MetricInfo> MakeTable() {
  using enum MetricType;
  return {
      {"tributary_edge_build_info",
       kGauge,
       "Always 1; what is running, and on what.",
       {"version", "numerics", "device"}},
      {"tributary_edge_start_time_seconds", kGauge, "When this process started, Unix time."},
      {"tributary_edge_state",
       kGauge,
       "1 for what the client does: disconnected, idle, waiting (for its worker), loading, "
       "fetching (a base model), training, measuring, uploading or reporting.",
       {"state"}},
      {"tributary_edge_connections_total",
       kCounter,
       "Connections to the coordinator, by outcome: accepted, failed (could not be made or was "
       "refused), lost (accepted before).",
       {"outcome"}},
      {"tributary_edge_certificate_expiry_timestamp_seconds", kGauge,
       "When the site's certificate ends, Unix time; it is renewed when a third of its life is "
       "left."},
      {"tributary_edge_runs",
       kGauge,
       "Runs under way, by where the site stands: open, outside the site's policy, outside the "
       "site's hours, pending approval, declined, withdrawn.",
       {"standing"}},
      {"tributary_edge_tasks_total",
       kCounter,
       "Tasks that ended, by kind and reason: accepted, or why there is no update that counts.",
       {"task", "reason"}},
      {"tributary_edge_task_seconds",
       kHistogram,
       "From a task's beginning at this client to its end, whatever that was.",
       {"task"},
       http::LongDurations()},
      {"tributary_edge_sent_bytes_total", kCounter,
       "Bytes of updates that were sent, including what was sent twice."},
      {"tributary_edge_received_bytes_total", kCounter,
       "Bytes of checkpoints and base models that were fetched; what is in the cache is not."},
  };
}

Json ToDocument(const RunView& run) {
  Json json = {{"run", run.run.value}, {"standing", Name(run.standing)},
               {"round", run.round},   {"state", run.state},
               {"task", nullptr},      {"sequence", nullptr},
               {"seconds", nullptr},   {"last", run.last},
               {"detail", run.detail}};
  if (!run.task) return json;
  json["task"] = Name(run.task->kind);
  json["sequence"] = run.task->sequence;
  json["seconds"] = run.seconds;
  return json;
}

}  // namespace

std::string_view View::state() const {
  if (!is_connected) return "disconnected";
  const RunView* busiest = nullptr;  // the worker's before one that waits for it
  for (const RunView& run : runs)
    if (run.task && (busiest == nullptr || busiest->state == "waiting")) busiest = &run;
  return busiest == nullptr ? "idle" : busiest->state;
}

std::string ToJson(const View& view) {
  Json json = {{"schema", kClientStatusSchema},
               {"client", view.name},
               {"state", view.state()},
               {"coordinator", view.coordinator},
               {"project", view.project},
               {"connected", view.is_connected},
               {"seconds", view.connected_seconds},
               {"version", view.version},
               {"numerics", view.numerics},
               {"device", view.device},
               {"certificate_expires", nullptr},
               {"bytes_sent", view.bytes_sent},
               {"bytes_received", view.bytes_received},
               {"runs", Json::array()}};
  if (view.certificate_expires) json["certificate_expires"] = *view.certificate_expires;
  for (const RunView& run : view.runs) json["runs"].push_back(ToDocument(run));
  return DumpJson(json);
}

http::MetricTable MetricTable() {
  static const std::vector<MetricInfo> table = MakeTable();
  return table;
}

std::string RenderMetricManual() {
  return "# Metrics of a client\n\n"
         "Made by `tributary client --metrics`; do not edit. A client with `[http] listen` serves "
         "them at `/metrics`, to its own\nsite alone. Counters begin at zero when the client "
         "starts; a run is never a label.\n\n" +
         http::RenderTable(MetricTable());
}

Metrics::Metrics() : started_(http::UnixSeconds()) {
  // Series that begin at zero, so that their first event is seen as an increase.
  for (const char* outcome : {"accepted", "failed", "lost"})
    series_.Counter(MetricId::kConnections, {outcome});
  series_.Counter(MetricId::kTasks, {Name(TaskKind::kTrain), Name(Reason::kAccepted)});
  series_.Histogram(MetricId::kTaskSeconds, {Name(TaskKind::kTrain)});
  series_.Counter(MetricId::kSentBytes);
  series_.Counter(MetricId::kReceivedBytes);
}

void Metrics::Connection(std::string_view outcome) {
  series_.Counter(MetricId::kConnections, {outcome}).Increment();
}

void Metrics::Ended(TaskKind kind, Reason reason, double seconds) {
  series_.Counter(MetricId::kTasks, {Name(kind), Name(reason)}).Increment();
  series_.Histogram(MetricId::kTaskSeconds, {Name(kind)}).Observe(seconds);
}

std::string Metrics::Render(const View& view) {
  series_.RaiseTo(MetricId::kSentBytes, view.bytes_sent);
  series_.RaiseTo(MetricId::kReceivedBytes, view.bytes_received);
  http::Gauges gauges(MetricTable());
  gauges.Set(MetricId::kBuildInfo, {view.version, view.numerics, view.device}, 1);
  gauges.Set(MetricId::kStartTime, {}, started_);
  gauges.Set(MetricId::kState, {view.state()}, 1);
  if (view.certificate_expires)
    gauges.Set(MetricId::kCertificateExpires, {}, static_cast<double>(*view.certificate_expires));
  std::map<std::string_view, int> standings;
  for (const RunView& run : view.runs) ++standings[Name(run.standing)];
  for (const auto& [standing, count] : standings) gauges.Set(MetricId::kRuns, {standing}, count);
  return gauges.Render(series_.Collect());
}

}  // namespace tributary::edge
