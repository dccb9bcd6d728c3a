#include "coordinator/monitor/series.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include "aggregation/base/status.h"

namespace tributary::monitor {
namespace {

prometheus::Labels LabelsOf(const MetricInfo& info, const LabelValues& values) {
  TRIBUTARY_CHECK(info.labels.size() == values.size(), "a value for each label of the table");
  prometheus::Labels labels;
  for (size_t i = 0; i < values.size(); ++i) labels.emplace(info.labels[i], values[i]);
  return labels;
}

}  // namespace

Series::Series() {
  size_t at = 0;
  for (const MetricInfo& info : MetricTable()) {
    const auto id = static_cast<MetricId>(at++);
    const std::string name(info.name), help(info.help);
    if (info.type == MetricType::kCounter)
      counters_[id] = &prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    if (info.type == MetricType::kHistogram)
      histograms_[id] = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
  }
}

prometheus::Counter& Series::Counter(MetricId metric, const LabelValues& labels) {
  return counters_.at(metric)->Add(LabelsOf(InfoOf(metric), labels));
}

prometheus::Histogram& Series::Histogram(MetricId metric, const LabelValues& labels) {
  const MetricInfo& info = InfoOf(metric);
  return histograms_.at(metric)->Add(LabelsOf(info, labels), info.buckets);
}

void Gauges::Set(MetricId metric, const LabelValues& labels, double value) {
  const MetricInfo& info = InfoOf(metric);
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

}  // namespace tributary::monitor
