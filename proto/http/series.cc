#include "proto/http/series.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include <chrono>

#include "aggregation/base/status.h"

namespace tributary::http {
namespace {

prometheus::Labels LabelsOf(const MetricInfo& info, const LabelValues& values) {
  TRIBUTARY_CHECK(info.labels.size() == values.size(), "a value for each label of the table");
  prometheus::Labels labels;
  for (size_t i = 0; i < values.size(); ++i) labels.emplace(info.labels[i], values[i]);
  return labels;
}

std::string_view NameOf(MetricType type) {
  if (type == MetricType::kHistogram) return "histogram";
  return type == MetricType::kCounter ? "counter" : "gauge";
}

}  // namespace

const std::vector<double>& LongDurations() {
  static const std::vector<double> bounds = {0.1, 0.5, 1,   5,    10,   30,   60,
                                             120, 300, 600, 1800, 3600, 14400};
  return bounds;
}

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string RenderTable(MetricTable table) {
  std::string out = "| metric | type | labels | what |\n|---|---|---|---|\n";
  for (const MetricInfo& metric : table)
    out += fmt::format("| `{}` | {} | {} | {} |\n", metric.name, NameOf(metric.type),
                       fmt::join(metric.labels, ", "), metric.help);
  return out;
}

Series::Series(MetricTable table) : table_(table) {
  for (size_t id = 0; id < table.size(); ++id) {
    const std::string name(table[id].name), help(table[id].help);
    if (table[id].type == MetricType::kCounter)
      counters_[id] = &prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    if (table[id].type == MetricType::kHistogram)
      histograms_[id] = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
  }
}

void Series::RaiseAt(size_t metric, double total, const LabelValues& labels) {
  prometheus::Counter& counter = CounterAt(metric, labels);
  counter.Increment(total - counter.Value());
}

prometheus::Counter& Series::CounterAt(size_t metric, const LabelValues& labels) {
  return counters_.at(metric)->Add(LabelsOf(table_[metric], labels));
}

prometheus::Histogram& Series::HistogramAt(size_t metric, const LabelValues& labels) {
  return histograms_.at(metric)->Add(LabelsOf(table_[metric], labels), table_[metric].buckets);
}

void Gauges::SetAt(size_t metric, const LabelValues& labels, double value) {
  const MetricInfo& info = table_[metric];
  prometheus::MetricFamily& family = families_[metric];
  family.name = info.name;
  family.help = info.help;
  family.type = prometheus::MetricType::Gauge;
  prometheus::ClientMetric& added = family.metric.emplace_back();
  for (const auto& [name, text] : LabelsOf(info, labels)) added.label.push_back({name, text});
  added.gauge.value = value;
}

std::string Gauges::Render(std::vector<prometheus::MetricFamily> before) const {
  for (const auto& [id, family] : families_) before.push_back(family);
  std::erase_if(before, [](const auto& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(before);
}

}  // namespace tributary::http
