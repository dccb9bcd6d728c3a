#include "aggregation/base/metrics.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/random.h"

namespace tributary {
namespace {

using testing::ElementsAreArray;

TEST(Metrics, AgreeWithScikitLearn) {
  const auto text =
      ReadFile(std::filesystem::path(TRIBUTARY_SOURCE_DIR) / "tests/data/golden/metrics/f1.json");
  ASSERT_TRUE(text.has_value());
  const auto cases = nlohmann::json::parse(*text);
  ASSERT_GE(cases.size(), 8u);
  for (const auto& golden : cases) {
    Evaluation evaluation(golden["classes"].get<int64_t>());
    for (size_t i = 0; i < golden["truth"].size(); ++i)
      evaluation.Add(golden["truth"][i].get<int64_t>(), golden["predicted"][i].get<int64_t>(), 0);
    EXPECT_NEAR(evaluation.Accuracy(), golden["accuracy"].get<double>(), 1e-12);
    EXPECT_NEAR(evaluation.MacroF1(), golden["macro_f1"].get<double>(), 1e-12);
  }
}

TEST(Metrics, OfNoRowsAreZero) {
  Evaluation none(3);
  none.CloseClient();
  EXPECT_EQ(none.Accuracy(), 0);
  EXPECT_EQ(none.MacroF1(), 0);
  EXPECT_EQ(none.MeanLoss(), 0);
  EXPECT_TRUE(none.WorstConfusions(3).empty());
  EXPECT_EQ(none.histogram()[0], 0);
}

TEST(Metrics, NameTheWorstConfusions) {
  Evaluation evaluation(3);
  for (const auto& [truth, predicted, rows] :
       {std::tuple{0, 1, 2}, {1, 0, 5}, {2, 0, 2}, {1, 1, 9}}) {
    for (int i = 0; i < rows; ++i) evaluation.Add(truth, predicted, 0.5);
  }
  const auto worst = evaluation.WorstConfusions(2);
  ASSERT_EQ(worst.size(), 2u);
  EXPECT_EQ(std::tuple(worst[0].truth, worst[0].predicted, worst[0].rows), std::tuple(1, 0, 5));
  EXPECT_EQ(std::tuple(worst[1].truth, worst[1].predicted, worst[1].rows), std::tuple(0, 1, 2));
  EXPECT_EQ(evaluation.WorstConfusions(10).size(), 3u);
  EXPECT_DOUBLE_EQ(evaluation.MeanLoss(), 0.5);
}

Evaluation Client(int right, int wrong) {
  Evaluation evaluation(2);
  for (int i = 0; i < right; ++i) evaluation.Add(1, 1, 0.25);
  for (int i = 0; i < wrong; ++i) evaluation.Add(1, 0, 0.5);
  evaluation.CloseClient();
  return evaluation;
}

TEST(Histogram, CountsAClientsRowsInTheBinOfItsAccuracy) {
  Evaluation all(2);
  // Accuracies 0, 0.05, 0.3 (6/20), 0.95, 1.
  for (const auto& [right, wrong] : {std::pair{0, 3}, {1, 19}, {6, 14}, {19, 1}, {7, 0}})
    ASSERT_TRUE(all.Merge(Client(right, wrong)).has_value());
  std::array<int64_t, kAccuracyBins> expected{};
  expected[0] = 3;
  expected[1] = 20;
  expected[6] = 20;
  expected[19] = 27;
  EXPECT_THAT(all.histogram(), ElementsAreArray(expected));
}

TEST(Evaluations, MergeToTheCountsOfTheWholeInAnyOrder) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed, "metrics-merge");
    Evaluation whole(4), forward(4), backward(4);
    std::vector<Evaluation> parts(5, Evaluation(4));
    for (int i = 0; i < 300; ++i) {
      const auto truth = static_cast<int64_t>(random.Below(4));
      const auto predicted = static_cast<int64_t>(random.Below(4));
      whole.Add(truth, predicted, 0.5);
      parts[random.Below(5)].Add(truth, predicted, 0.5);
    }
    for (auto& part : parts) part.CloseClient();
    for (size_t i = 0; i < 5; ++i) ASSERT_TRUE(forward.Merge(parts[i]).has_value());
    for (size_t i = 5; i-- > 0;) ASSERT_TRUE(backward.Merge(parts[i]).has_value());
    EXPECT_THAT(forward.confusion(), ElementsAreArray(whole.confusion()));
    EXPECT_THAT(backward.confusion(), ElementsAreArray(whole.confusion()));
    EXPECT_THAT(backward.histogram(), ElementsAreArray(forward.histogram()));
    EXPECT_EQ(forward.loss_sum(), 150);
    EXPECT_EQ(forward.MacroF1(), whole.MacroF1());
  }
}

TEST(Evaluations, OfDifferentLabelListsDoNotMerge) {
  Evaluation two(2);
  EXPECT_EQ(two.Merge(Evaluation(3)).error().message, "evaluation over 3 classes, expected 2");
}

TEST(Evaluations, ComeBackFromTheirCounts) {
  const Evaluation client = Client(3, 1);
  const auto back =
      Evaluation::FromCounts(2, client.confusion(), client.histogram(), client.loss_sum());
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back->rows(), 4);
  EXPECT_EQ(back->correct(), 3);
  EXPECT_EQ(back->loss_sum(), 1.25);
  EXPECT_THAT(back->histogram(), ElementsAreArray(client.histogram()));
  EXPECT_TRUE(Evaluation::FromCounts(2, client.confusion(), {}, 0).has_value());
}

TEST(Evaluations, AreNotMadeOfImpossibleCounts) {
  const std::vector<int64_t> four(4, 1), three(3, 1), negative = {1, -1, 1, 1},
                                                      huge = {int64_t{1} << 40, 1, 0, 0};
  EXPECT_FALSE(Evaluation::FromCounts(0, {}, {}, 0).has_value());
  EXPECT_FALSE(Evaluation::FromCounts(int64_t{1} << 40, four, {}, 0).has_value());
  EXPECT_FALSE(Evaluation::FromCounts(2, three, {}, 0).has_value());
  EXPECT_FALSE(Evaluation::FromCounts(2, four, three, 0).has_value());
  EXPECT_FALSE(Evaluation::FromCounts(2, negative, {}, 0).has_value());
  EXPECT_FALSE(Evaluation::FromCounts(2, huge, {}, 0).has_value());
  EXPECT_FALSE(Evaluation::FromCounts(2, four, {}, NAN).has_value());
}

}  // namespace
}  // namespace tributary
