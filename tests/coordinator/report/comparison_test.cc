#include "coordinator/report/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/coordinator/report/well_formed.h"

namespace tributary::report {
namespace {

using testing::HasSubstr;

ComparedRun Run(std::string group, uint64_t seed, double accuracy) {
  ComparedRun run{.group = std::move(group), .seed = seed};
  run.learning_rate = 0.001;
  run.start = 0.5;
  run.examples = 1000;
  run.points = {{100, (0.5 + accuracy) / 2}, {200, accuracy}};
  return run;
}

// `new` is better than `old` by 0.02, 0.03 and 0.04 on seeds that themselves differ much more.
std::vector<ComparedRun> TwoGroups() {
  return {Run("old", 1, 0.60), Run("old", 2, 0.70), Run("old", 3, 0.65),
          Run("new", 1, 0.62), Run("new", 2, 0.73), Run("new", 3, 0.69)};
}

TEST(Comparison, StudentQuantilesMeetTheTableAndTheNormal) {
  EXPECT_DOUBLE_EQ(StudentQuantile(4), 2.776);
  EXPECT_NEAR(StudentQuantile(31), 2.0395, 1e-3);
  EXPECT_NEAR(StudentQuantile(60), 2.0003, 1e-3);
  EXPECT_NEAR(StudentQuantile(100'000), 1.96, 1e-3);
}

TEST(Comparison, IntervalIsTheTextbookOne) {
  const Estimate estimate = EstimateOf(std::vector<double>{1, 2, 3, 4, 5});
  EXPECT_DOUBLE_EQ(estimate.mean, 3);
  EXPECT_NEAR(*estimate.half, 2.776 * std::sqrt(2.5 / 5), 1e-9);
  EXPECT_FALSE(EstimateOf(std::vector<double>{7}).half.has_value());
}

TEST(Comparison, DifferencesArePairedBySeed) {
  const auto comparison = Compare(TwoGroups(), {.baseline = "old"});
  ASSERT_TRUE(comparison) << comparison.error().message;
  ASSERT_EQ(comparison->rows.size(), 3u);
  const ComparisonRow& best = comparison->rows[0];
  EXPECT_EQ(best.name, "new");
  EXPECT_NEAR(best.difference->mean, 0.03, 1e-12);
  EXPECT_LT(*best.difference->half, 0.03);  // although the groups' own intervals overlap
  EXPECT_GT(*best.accuracy.half, 0.1);
  EXPECT_TRUE(comparison->rows[1].is_baseline);
  EXPECT_FALSE(comparison->rows[1].difference.has_value());
  EXPECT_EQ(comparison->rows[2].name, "start only");
  EXPECT_NEAR(comparison->rows[2].difference->mean, -0.15, 1e-12);
}

TEST(Comparison, BudgetBuysTheLastEvaluationWithinIt) {
  const auto at = [](int64_t budget) {
    return Compare(TwoGroups(), {.baseline = "old", .budget = budget})->at_budget;
  };
  EXPECT_NEAR(at(99)[0].accuracy.mean, 0.5, 1e-12);
  EXPECT_EQ(at(99)[0].bytes, 0);
  EXPECT_NEAR(at(199)[0].accuracy.mean, 0.59, 1e-12);
  EXPECT_NEAR(at(200)[0].accuracy.mean, 0.68, 1e-12);
  EXPECT_TRUE(at(0).empty());
}

TEST(Comparison, ReferencesComeLast) {
  const auto comparison = Compare(TwoGroups(), {.baseline = "old", .references = {"new"}});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->rows[0].name, "old");
  EXPECT_TRUE(comparison->rows[1].is_reference);
}

TEST(Comparison, FaultsNameWhatIsThere) {
  EXPECT_THAT(Compare(TwoGroups(), {.baseline = "nwe"}).error().message, HasSubstr("new, old"));
  EXPECT_THAT(Compare(TwoGroups(), {"old", {"x"}, 0}).error().message, HasSubstr("\"x\""));
  auto runs = TwoGroups();
  runs.push_back(runs.front());
  EXPECT_THAT(Compare(runs, {.baseline = "old"}).error().message,
              HasSubstr("two runs have seed 1"));
}

TEST(Comparison, EveryFormatTellsTheSame) {
  auto runs = TwoGroups();
  runs[3].is_personal = runs[4].is_personal = runs[5].is_personal = true;
  for (ComparedRun& run : runs)
    if (run.group == "new") run.group = "<new>";
  const auto comparison = Compare(runs, {.baseline = "old", .budget = 150});
  ASSERT_TRUE(comparison);
  EXPECT_THAT(ComparisonText(*comparison), HasSubstr("+3.00 ± 2.48"));
  EXPECT_THAT(ComparisonText(*comparison), HasSubstr("* Personal parts"));
  EXPECT_THAT(ComparisonMarkdown(*comparison), HasSubstr("| <new> * | 0.001 | 68.00 ± "));
  const auto json = nlohmann::json::parse(ComparisonJson(*comparison));
  EXPECT_NEAR(json["rows"][0]["difference"]["mean"], 0.03, 1e-12);
  EXPECT_EQ(json["at_budget"].size(), 2u);
  const std::string page = ComparisonHtml(*comparison);
  EXPECT_THAT(ReadHtml(page).faults, testing::IsEmpty());
  EXPECT_THAT(page, HasSubstr("&lt;new&gt;"));
  EXPECT_THAT(page, HasSubstr("+3.00 ± 2.48"));
}

}  // namespace
}  // namespace tributary::report
