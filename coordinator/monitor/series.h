#pragma once
// The doors to prometheus-cpp: counters and histograms that live, gauges that are made for one
// answer. Labels are given as values, in the order of the table.

#include <prometheus/registry.h>

#include <map>

#include "coordinator/monitor/metric_table.h"

namespace tributary::monitor {

using LabelValues = std::vector<std::string_view>;

class Series {
 public:
  Series();
  prometheus::Counter& Counter(MetricId metric, const LabelValues& labels = {});
  prometheus::Histogram& Histogram(MetricId metric, const LabelValues& labels = {});
  std::vector<prometheus::MetricFamily> Collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_;
  std::map<MetricId, prometheus::Family<prometheus::Counter>*> counters_;
  std::map<MetricId, prometheus::Family<prometheus::Histogram>*> histograms_;
};

class Gauges {
 public:
  void Set(MetricId metric, const LabelValues& labels, double value);
  // In Prometheus' text format, behind `before`.
  std::string Render(std::vector<prometheus::MetricFamily> before) const;

 private:
  std::map<MetricId, prometheus::MetricFamily> families_;
};

}  // namespace tributary::monitor
