#pragma once
// Metrics of a program, from one table of them: made, documented and checked by it. Names and
// labels follow Prometheus' conventions. The doors to prometheus-cpp: counters and histograms that
// live, gauges that are made for one answer. Labels are given as values, in the table's order.

#include <prometheus/registry.h>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::http {

enum class MetricType { kCounter, kGauge, kHistogram };

struct MetricInfo {
  std::string_view name;
  MetricType type = MetricType::kGauge;
  std::string_view help;
  std::vector<std::string_view> labels = {};
  std::vector<double> buckets = {};  // upper bounds of a histogram's
};
using MetricTable = std::span<const MetricInfo>;  // outlives what is made from it

// Buckets of what takes from a moment to hours, in seconds.
const std::vector<double>& LongDurations();
double UnixSeconds();

// Rows of a table in Markdown.
std::string RenderTable(MetricTable table);

using LabelValues = std::vector<std::string_view>;

// `metric` is the row's enumerator everywhere. Any thread.
class Series {
 public:
  explicit Series(MetricTable table);
  prometheus::Counter& Counter(auto metric, const LabelValues& labels = {}) {
    return CounterAt(static_cast<size_t>(metric), labels);
  }
  prometheus::Histogram& Histogram(auto metric, const LabelValues& labels = {}) {
    return HistogramAt(static_cast<size_t>(metric), labels);
  }
  // Of a counter whose total somebody else counts; it never falls.
  void RaiseTo(auto metric, int64_t total, const LabelValues& labels = {}) {
    RaiseAt(static_cast<size_t>(metric), static_cast<double>(total), labels);
  }
  std::vector<prometheus::MetricFamily> Collect() const { return registry_.Collect(); }

 private:
  void RaiseAt(size_t metric, double total, const LabelValues& labels);
  prometheus::Counter& CounterAt(size_t metric, const LabelValues& labels);
  prometheus::Histogram& HistogramAt(size_t metric, const LabelValues& labels);

  const MetricTable table_;
  prometheus::Registry registry_;
  std::map<size_t, prometheus::Family<prometheus::Counter>*> counters_;
  std::map<size_t, prometheus::Family<prometheus::Histogram>*> histograms_;
};

// One thread.
class Gauges {
 public:
  explicit Gauges(MetricTable table) : table_(table) {}
  void Set(auto metric, const LabelValues& labels, double value) {
    SetAt(static_cast<size_t>(metric), labels, value);
  }
  // In Prometheus' text format, version 0.0.4, behind `before`.
  std::string Render(std::vector<prometheus::MetricFamily> before) const;

 private:
  void SetAt(size_t metric, const LabelValues& labels, double value);

  const MetricTable table_;
  std::map<size_t, prometheus::MetricFamily> families_;
};

}  // namespace tributary::http
