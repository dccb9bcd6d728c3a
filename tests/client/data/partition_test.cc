#include "client/data/partition.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "aggregation/base/random.h"

namespace tributary::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Example Row(std::string client, std::string label, std::string text = "") {
  return {.text = std::move(text), .label = std::move(label), .client = std::move(client)};
}

// Rows with random clients and labels.
std::vector<Example> Population(Random* random, uint64_t rows, uint64_t clients, uint64_t labels) {
  std::vector<Example> examples;
  for (uint64_t i = 0; i < rows; ++i) {
    const uint64_t client = random->Below(clients);
    const uint64_t label = random->Below(labels);
    examples.push_back(
        Row(fmt::format("c{}", client), fmt::format("l{}", label), std::to_string(i)));
  }
  return examples;
}

std::vector<ClientRows> Make(std::span<const Example> examples, const PartitionPlan& plan) {
  auto clients = MakePartition(examples, plan);
  EXPECT_TRUE(clients.has_value()) << clients.error().message;
  return *clients;
}

TEST(Partition, CoversEveryRowOnceUnderEveryScheme) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed, "partition-test");
    const uint64_t rows = 1 + random.Below(300);
    const auto examples = Population(&random, rows, 1 + random.Below(20), 1 + random.Below(6));
    PartitionPlan plan{.clients = static_cast<int64_t>(1 + random.Below(rows)),
                       .alpha = 0,
                       .holdout = 0,
                       .seed = seed};
    plan.alpha = std::exp(random.Normal() * 3);
    plan.holdout = random.Uniform();
    for (const Scheme scheme : {Scheme::kByClient, Scheme::kIid, Scheme::kDirichlet}) {
      plan.scheme = scheme;
      const auto clients = Make(examples, plan);
      std::set<int64_t> seen;
      size_t count = 0;
      for (const ClientRows& client : clients) {
        EXPECT_FALSE(client.train.empty()) << client.name;
        EXPECT_TRUE(std::ranges::is_sorted(client.train) &&
                    std::ranges::is_sorted(client.held_out));
        seen.insert(client.train.begin(), client.train.end());
        seen.insert(client.held_out.begin(), client.held_out.end());
        count += client.train.size() + client.held_out.size();
      }
      EXPECT_EQ(count, rows);
      EXPECT_EQ(seen.size(), rows);
      EXPECT_EQ(*seen.rbegin(), static_cast<int64_t>(rows) - 1);
      EXPECT_TRUE(std::ranges::is_sorted(clients, {}, &ClientRows::name));
      if (scheme != Scheme::kByClient) {
        EXPECT_EQ(clients.size(), static_cast<size_t>(plan.clients));
      }
    }
  }
}

// What a client trains on and holds out, as texts.
using Held = std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>>;
Held TextsByClient(std::span<const Example> examples, const PartitionPlan& plan) {
  Held held;
  for (const ClientRows& client : Make(examples, plan)) {
    for (const int64_t row : client.train)
      held[client.name].first.push_back(examples[static_cast<size_t>(row)].text);
    for (const int64_t row : client.held_out)
      held[client.name].second.push_back(examples[static_cast<size_t>(row)].text);
  }
  return held;
}

TEST(Partition, OfOneClientDoesNotDependOnTheOthersOrTheirOrder) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed, "partition-order");
    const auto examples = Population(&random, 200, 8, 3);
    const PartitionPlan plan{.scheme = Scheme::kByClient, .holdout = 0.3, .seed = seed};
    const Held before = TextsByClient(examples, plan);
    // The other clients' rows in another order, among c3's, and some of them gone.
    std::vector<Example> others, merged;
    std::ranges::copy_if(examples, std::back_inserter(others),
                         [](const Example& e) { return e.client != "c3"; });
    random.Shuffle(std::span(others));
    others.resize(others.size() / 2);
    for (const Example& example : examples) {
      if (example.client == "c3") merged.push_back(example);
      if (!others.empty() && random.Below(2) == 0)
        merged.push_back(others.back()), others.pop_back();
    }
    EXPECT_EQ(TextsByClient(merged, plan).at("c3"), before.at("c3"));
  }
}

TEST(Partition, DependsOnTheSeed) {
  Random random(1, "partition-seed");
  const auto examples = Population(&random, 400, 5, 3);
  for (const Scheme scheme : {Scheme::kByClient, Scheme::kIid, Scheme::kDirichlet}) {
    const PartitionPlan plan{.scheme = scheme, .clients = 5, .alpha = 1, .holdout = 0.2, .seed = 1};
    PartitionPlan other = plan;
    other.seed = 2;
    EXPECT_EQ(TextsByClient(examples, plan), TextsByClient(examples, plan));
    EXPECT_NE(TextsByClient(examples, plan), TextsByClient(examples, other));
  }
}

TEST(ByClient, GroupsRowsByNameInBytewiseOrder) {
  const std::vector<Example> examples = {Row("b", "x"), Row("B", "x"), Row("a", "x"),
                                         Row("b", "y")};
  const auto clients = Make(examples, {});
  ASSERT_EQ(clients.size(), 3u);
  EXPECT_EQ(clients[0].name, "B");
  EXPECT_EQ(clients[1].name, "a");
  EXPECT_EQ(clients[2].name, "b");
  EXPECT_THAT(clients[2].train, ElementsAre(0, 3));
}

TEST(ByClient, NeedsAClientColumn) {
  const std::vector<Example> examples = {Row("", "x")};
  EXPECT_THAT(MakePartition(examples, {}).error().message, HasSubstr("needs a client column"));
}

TEST(HoldOut, IsTheRoundedShareButNeverTheLastTrainingRow) {
  const auto held = [](size_t rows, double share) {
    const std::vector<Example> examples(rows, Row("a", "x"));
    const auto clients = Make(examples, {.holdout = share});
    EXPECT_EQ(clients[0].train.size() + clients[0].held_out.size(), rows);
    return clients[0].held_out.size();
  };
  EXPECT_EQ(held(1, 0.5), 0u);  // a client with one example trains on it
  EXPECT_EQ(held(1, 0.99), 0u);
  EXPECT_EQ(held(2, 0.99), 1u);
  EXPECT_EQ(held(4, 0.1), 0u);
  EXPECT_EQ(held(5, 0.1), 1u);
  EXPECT_EQ(held(100, 0.25), 25u);
  EXPECT_EQ(held(100, 0), 0u);
}

TEST(HoldOut, DrawsFromAllOfAClientsRows) {
  const std::vector<Example> examples(1000, Row("a", "x"));
  const auto clients = Make(examples, {.holdout = 0.5, .seed = 3});
  const auto first_half =
      std::ranges::count_if(clients[0].held_out, [](int64_t row) { return row < 500; });
  EXPECT_NEAR(static_cast<double>(first_half), 250, 50);  // standard deviation 11
}

TEST(Iid, GivesSizesThatDifferByOneAndMixesTheRows) {
  const std::vector<Example> examples(103, Row("", "x"));
  const auto clients = Make(examples, {.scheme = Scheme::kIid, .clients = 10, .seed = 5});
  EXPECT_EQ(clients[0].name, "client-0000");
  EXPECT_EQ(clients[9].name, "client-0009");
  for (const ClientRows& client : clients) {
    EXPECT_TRUE(client.train.size() == 10 || client.train.size() == 11);
    EXPECT_GT(client.train.back() - client.train.front(), 20);
  }
}

TEST(Iid, NamesSortAsNumbersDo) {
  const std::vector<Example> examples(10'001, Row("", "x"));
  const auto clients = Make(examples, {.scheme = Scheme::kIid, .clients = 10'001});
  EXPECT_EQ(clients.front().name, "client-00000");
  EXPECT_EQ(clients.back().name, "client-10000");
}

// Mean over clients of the share of a client's most frequent label.
double Skew(const std::vector<Example>& examples, double alpha) {
  double sum = 0;
  const auto clients =
      Make(examples, {.scheme = Scheme::kDirichlet, .clients = 50, .alpha = alpha, .seed = 11});
  for (const ClientRows& client : clients) {
    std::map<std::string, size_t> counts;
    for (const int64_t row : client.train) ++counts[examples[static_cast<size_t>(row)].label];
    size_t most = 0;
    for (const auto& [label, count] : counts) most = std::max(most, count);
    sum += static_cast<double>(most) / static_cast<double>(client.train.size());
  }
  return sum / static_cast<double>(clients.size());
}

TEST(Dirichlet, IsEvenForLargeAlphaAndSkewedForSmall) {
  std::vector<Example> examples;
  for (int i = 0; i < 20'000; ++i) examples.push_back(Row("", std::to_string(i % 10)));
  EXPECT_LT(Skew(examples, 1e4), 0.13);  // 0.1 is perfectly even
  const double middle = Skew(examples, 0.5);
  EXPECT_GT(middle, 0.3);
  EXPECT_LT(middle, 0.7);
  EXPECT_GT(Skew(examples, 0.02), 0.8);
  EXPECT_GT(Skew(examples, 1e-6), 0.95);  // variates far below the smallest double
}

// A client's share of one label is Beta(alpha, (K - 1) alpha): mean 1/K, variance by the formula.
TEST(Dirichlet, SharesHaveTheDistributionsMeanAndVariance) {
  constexpr double kAlpha = 0.7;
  constexpr int kClients = 4, kRows = 2000, kDraws = 400;
  const std::vector<Example> examples(kRows, Row("", "x"));
  double sum = 0, squares = 0;
  for (uint64_t seed = 0; seed < kDraws; ++seed) {
    const auto clients =
        Make(examples,
             {.scheme = Scheme::kDirichlet, .clients = kClients, .alpha = kAlpha, .seed = seed});
    const double share = static_cast<double>(clients[1].train.size()) / kRows;
    sum += share;
    squares += share * share;
  }
  const double mean = sum / kDraws, variance = squares / kDraws - mean * mean;
  const double expected = (kClients - 1.0) / (kClients * kClients * (kClients * kAlpha + 1));
  EXPECT_NEAR(mean, 1.0 / kClients, 4 * std::sqrt(expected / kDraws));
  EXPECT_NEAR(variance, expected, 0.25 * expected);
}

TEST(Dirichlet, LeavesNoClientWithoutARow) {
  const std::vector<Example> examples(60, Row("", "x"));
  const auto clients = Make(examples, {.scheme = Scheme::kDirichlet, .clients = 60, .alpha = 0.01});
  for (const ClientRows& client : clients) EXPECT_EQ(client.train.size(), 1u) << client.name;
}

TEST(Partition, RefusesWhatCannotBe) {
  const std::vector<Example> examples(3, Row("a", "x"));
  const auto error = [&](PartitionPlan plan) {
    return MakePartition(examples, plan).error().message;
  };
  EXPECT_EQ(error({.scheme = Scheme::kIid, .clients = 4}),
            "4 clients cannot each have one of 3 rows");
  EXPECT_EQ(error({.scheme = Scheme::kIid, .clients = 0}), "clients is 0, expected 1 to 1000000");
  EXPECT_EQ(error({.scheme = Scheme::kIid, .clients = -1}), "clients is -1, expected 1 to 1000000");
  EXPECT_EQ(error({.scheme = Scheme::kDirichlet, .clients = 2}),
            "alpha is 0, expected a number above 0");
  EXPECT_EQ(error({.scheme = Scheme::kDirichlet, .clients = 2, .alpha = NAN}),
            "alpha is nan, expected a number above 0");
  EXPECT_EQ(error({.holdout = 1}), "holdout is 1, expected at least 0 and below 1");
  EXPECT_EQ(error({.holdout = -0.1}), "holdout is -0.1, expected at least 0 and below 1");
  EXPECT_EQ(error({.holdout = NAN}), "holdout is nan, expected at least 0 and below 1");
}

TEST(Scheme, IsParsedByName) {
  EXPECT_EQ(*ParseScheme("by-client"), Scheme::kByClient);
  EXPECT_EQ(*ParseScheme("iid"), Scheme::kIid);
  EXPECT_EQ(*ParseScheme("dirichlet"), Scheme::kDirichlet);
  EXPECT_EQ(ParseScheme("dirchlet").error().message,
            "unknown partition \"dirchlet\", expected one of by-client, iid, dirichlet (did you "
            "mean \"dirichlet\"?)");
}

}  // namespace
}  // namespace tributary::data
