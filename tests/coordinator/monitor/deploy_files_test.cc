// Alert rules and the board ask for metrics that there are, with labels that they have.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "coordinator/monitor/metric_table.h"

namespace tributary::monitor {
namespace {

std::string File(const std::string& name) {
  std::ifstream in(std::string(TRIBUTARY_SOURCE_DIR "/deploy/prometheus/") + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

const http::MetricInfo* FindMetric(std::string name) {
  for (const char* suffix : {"", "_bucket", "_sum", "_count"})
    for (const http::MetricInfo& metric : MetricTable()) {
      const bool has_suffix = metric.type == http::MetricType::kHistogram || *suffix == '\0';
      if (has_suffix && std::string(metric.name) + suffix == name) return &metric;
    }
  return nullptr;
}

// Each name in a query, and the labels that are asked of it; returns the names.
std::set<std::string> CheckQueries(const std::string& text) {
  const std::regex use(R"re((tributary_[a-z_]+)(\{[^}]*\})?)re"),
      label(R"re(([a-z_]+)\s*(=|!=|=~|!~)\\?")re");
  std::set<std::string> used;
  for (std::sregex_iterator it(text.begin(), text.end(), use), end; it != end; ++it) {
    const http::MetricInfo* metric = FindMetric((*it)[1]);
    EXPECT_NE(metric, nullptr) << (*it)[1] << " is no metric";
    if (metric == nullptr) continue;
    used.insert(std::string(metric->name));
    const std::string labels = (*it)[2];
    for (std::sregex_iterator l(labels.begin(), labels.end(), label); l != end; ++l)
      EXPECT_THAT(metric->labels, testing::Contains(std::string((*l)[1]))) << metric->name;
  }
  return used;
}

TEST(DeployFiles, AlertsAskForMetricsThatThereAre) {
  EXPECT_GT(CheckQueries(File("alerts.yml")).size(), 8u);
}

TEST(DeployFiles, TheBoardAsksForMetricsThatThereAre) {
  const auto board = nlohmann::json::parse(File("board.json"));
  std::string queries;
  std::set<int> ids;
  for (const auto& panel : board["panels"]) {
    EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second);
    for (const auto& target : panel["targets"]) queries += target["expr"].get<std::string>() + "\n";
  }
  EXPECT_GT(CheckQueries(queries).size(), 12u);
  for (const auto& variable : board["templating"]["list"])
    if (variable.contains("definition")) CheckQueries(variable["definition"].get<std::string>());
}

TEST(DeployFiles, PromtoolAcceptsThem) {
  if (std::system("which promtool > /dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  const std::string folder = "cd '" TRIBUTARY_SOURCE_DIR "/deploy/prometheus' && promtool check ";
  EXPECT_EQ(std::system((folder + "config prometheus.yml > /dev/null").c_str()), 0);
}

TEST(MetricTable, FollowsTheConventions) {
  for (const http::MetricInfo& metric : MetricTable()) {
    const std::string name(metric.name);
    EXPECT_THAT(name, testing::MatchesRegex("tributary_[a-z_]+"));
    EXPECT_EQ(name.ends_with("_total"), metric.type == http::MetricType::kCounter) << name;
    EXPECT_EQ(metric.buckets.empty(), metric.type != http::MetricType::kHistogram) << name;
    EXPECT_TRUE(std::is_sorted(metric.buckets.begin(), metric.buckets.end())) << name;
    EXPECT_THAT(std::string(metric.help), testing::EndsWith(".")) << name;
    for (const auto label : metric.labels) EXPECT_NE(label, "client") << name;
  }
}

}  // namespace
}  // namespace tributary::monitor
