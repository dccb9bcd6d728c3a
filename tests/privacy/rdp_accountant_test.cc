#include "privacy/rdp_accountant.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>

#include "aggregation/base/random.h"

namespace tributary::privacy {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

PrivacyEvent Poisson(double rate, double sigma) {
  return rate == 1 ? PrivacyEvent(Gaussian{sigma}) : PrivacyEvent(PoissonSampled{rate, {sigma}});
}

struct Vector {
  const char* id;
  double rate, sigma;
  int64_t rounds;
  double delta, epsilon, order, tight;  // tight: exact composition, the larger direction
};

// Exact Renyi loss on the grid, made with 40 digits; V07 is also in Opacus' tests.
constexpr Vector kVectors[] = {
    {"V01", 0.01, 1, 1000, 1e-05, 2.101365271648, 7.8, 1.828236667},
    {"V02", 0.01, 0.8, 1000, 1e-05, 3.695428832563, 4.8, 3.141014139},
    {"V03", 0.01, 1.1, 10000, 1e-06, 6.229954273398, 5.0, 5.806935027},
    {"V04", 0.01, 4, 10000, 1e-05, 1.035490066036, 17, 0.946866801},
    {"V05", 256.0 / 60000, 1.1, 14062, 1e-05, 2.596555868953, 8.1, 2.381596921},
    {"V06", 0.00512, 1, 9765, 1e-05, 3.101925846705, 7.0, 2.839644381},
    {"V07", 0.04, 1.5, 2250, 1e-05, 7.329111171484, 3.9, 6.768780393},
    {"V08", 0.04, 1.5, 2000, 1e-05, 6.854661731840, 4.1, 6.325474730},
    {"V09", 0.04, 2, 2500, 1e-06, 5.748707229402, 5.4, 5.365043315},
    {"V10", 0.001, 0.6, 10000, 1e-06, 3.999130507011, 4.4, 3.152191111},
    {"V11", 0.001, 0.8, 100000, 1e-06, 3.187804458890, 7.4, 2.914478335},
    {"V12", 0.001, 1, 1, 1e-06, 0.785894752014, 14, 0.021833086},
    {"V13", 0.0001, 0.5, 100000, 1e-07, 4.695238845142, 4.2, 3.687835517},
    {"V14", 0.1, 0.7, 10, 1e-03, 4.583616399912, 2.7, 3.477631284},
    {"V15", 0.1, 1, 100, 1e-03, 5.640520841630, 2.8, 4.784349952},
    {"V16", 0.1, 1, 100, 1e-05, 7.899255002438, 3.2, 7.046602617},
    {"V17", 0.1, 2, 100, 1e-04, 2.214348122356, 6.9, 1.965919646},
    {"V18", 0.1, 3, 300, 1e-05, 2.722343230571, 7.8, 2.494793526},
    {"V19", 0.1, 5, 1000, 1e-06, 3.208270136929, 8.4, 2.988911982},
    {"V20", 0.2, 0.5, 3, 1e-02, 6.516518818224, 1.9, 4.6590265},
    {"V21", 0.2, 2, 50, 1e-04, 3.324626849171, 5.2, 2.955702406},
    {"V22", 0.25, 1.5, 40, 1e-03, 4.758998132944, 3.3, 4.102223167},
    {"V23", 0.3, 4, 200, 1e-05, 5.268936463939, 4.9, 4.862052142},
    {"V24", 0.5, 1, 10, 1e-03, 8.542483095411, 2.4, 7.380162951},
    {"V25", 0.5, 2, 20, 1e-03, 4.583435495701, 3.5, 4.001790182},
    {"V26", 0.5, 4, 50, 1e-03, 3.166039875429, 4.5, 2.784770577},
    {"V27", 0.5, 8, 200, 1e-05, 4.155826853943, 5.9, 3.837888763},
    {"V28", 0.9, 3, 20, 1e-04, 6.018294467806, 3.9, 5.492829301},
    {"V29", 0.05, 1, 500, 1e-06, 9.253966025522, 3.5, 8.489056688},
    {"V30", 0.02, 0.9, 1500, 1e-05, 6.616159095221, 3.8, 5.989454491},
    {"V31", 0.03125, 1.2, 320, 1e-04, 2.432581591422, 6.2, 2.137327687},
    {"V32", 0.0625, 2.5, 640, 1e-06, 3.397380926824, 7.8, 3.156232693},
    {"V33", 1, 1, 1, 1e-05, 4.728507067218, 5.4, 4.377178096},
    {"V34", 1, 2, 10, 1e-05, 8.079406222420, 3.9, 7.511275901},
    {"V35", 1, 10, 100, 1e-05, 4.728507067218, 5.4, 4.377178096},
    {"V36", 1, 50, 1000, 1e-06, 3.131089774915, 8.6, 2.921600590},
    {"V37", 1, 4.530877117, 1, 1e-06, 1.000000289646, 22, 0.927392338},
    {"V38", 1, 0.5, 1, 1e-03, 8.416496187447, 2.7, 7.581279925},
};

TEST(RdpAccountant, EpsilonAndBestOrderEqualTheVectors) {
  for (const Vector& v : kVectors) {
    SCOPED_TRACE(v.id);
    RdpAccountant accountant(NeighborRelation::kAddRemove);
    ASSERT_TRUE(accountant.Compose(Poisson(v.rate, v.sigma), v.rounds));
    const Result<Spent> spent = accountant.Epsilon(v.delta);
    ASSERT_TRUE(spent);
    EXPECT_NEAR(spent->epsilon / v.epsilon, 1, 1e-9);
    EXPECT_EQ(spent->order, v.order);
    EXPECT_FALSE(spent->order_at_edge);
    EXPECT_GE(spent->epsilon, v.tight);  // never less than the truth
    EXPECT_NEAR(*accountant.Delta(spent->epsilon) / v.delta, 1, 1e-6);
  }
}

struct Composition {
  std::vector<std::pair<PrivacyEvent, int64_t>> events;
  double delta, epsilon, order;
};

TEST(RdpAccountant, DifferentEventsAddUp) {
  const Composition compositions[] = {
      {{{Gaussian{10}, 50}, {Gaussian{5}, 50}}, 1e-5, 8.079406222420, 3.9},
      {{{PoissonSampled{.005, {.8}}, 100}, {Gaussian{8}, 200}}, 1e-6, 10.108873642574, 3.8},
      {{{PoissonSampled{.01, {1}}, 500}, {PoissonSampled{.02, {1.5}}, 500}},
       1e-5,
       2.147668341612,
       8.0},
      {{{PoissonSampled{.1, {*SameCohortNoiseMultiplier(std::array{2.0, 2.0})}}, 100}},
       1e-5,
       4.305037754861,
       5.0},
  };
  for (const Composition& c : compositions) {
    RdpAccountant accountant(NeighborRelation::kAddRemove);
    for (const auto& [event, count] : c.events) ASSERT_TRUE(accountant.Compose(event, count));
    EXPECT_NEAR(accountant.Epsilon(c.delta)->epsilon / c.epsilon, 1, 1e-9);
    EXPECT_EQ(accountant.Epsilon(c.delta)->order, c.order);
  }
}

TEST(RdpAccountant, QueriesOnOneCohortCostMoreThanRoundsOfTheirOwn) {
  RdpAccountant folded(NeighborRelation::kAddRemove), apart(NeighborRelation::kAddRemove);
  ASSERT_TRUE(
      folded.Compose(PoissonSampled{.1, {*SameCohortNoiseMultiplier(std::array{2.0, 2.0})}}, 100));
  ASSERT_TRUE(apart.Compose(PoissonSampled{.1, {2}}, 200));
  EXPECT_NEAR(apart.Epsilon(1e-5)->epsilon / 3.679745845582, 1,
              1e-9);  // the number that must not be claimed
  EXPECT_GT(folded.Epsilon(1e-5)->epsilon, 1.15 * apart.Epsilon(1e-5)->epsilon);
}

TEST(RdpAccountant, FixedSizeSamplingEqualsTheVectors) {
  struct {
    int64_t population, cohort;
    double sigma;
    int64_t rounds;
    double delta, epsilon, order;
  } const vectors[] = {
      {1000, 10, 1, 100, 1e-5, 1.4825256691, 8},
      {60000, 256, 1.1, 14062, 1e-5, 5.2432542416, 5},
      {100, 10, 2, 100, 1e-3, 3.9845047011, 4},
      {20, 4, 4, 50, 1e-3, 2.4549601470, 5},
  };
  for (const auto& v : vectors) {
    RdpAccountant accountant(NeighborRelation::kReplaceOne);
    ASSERT_TRUE(accountant.Compose(FixedSizeSampled{v.population, v.cohort, {v.sigma}}, v.rounds));
    EXPECT_NEAR(accountant.Epsilon(v.delta)->epsilon / v.epsilon, 1, 1e-6) << v.population;
    EXPECT_EQ(accountant.Epsilon(v.delta)->order, v.order) << v.population;
  }
}

// Made with 2,500 digits: the alternating sums of the theorem, in double, are noise at these
// orders.
TEST(RdpAccountant, FixedSizeSamplingKeepsItsDigitsForLargeNoiseAndOrders) {
  RdpAccountant accountant(NeighborRelation::kReplaceOne);
  ASSERT_TRUE(accountant.Compose(FixedSizeSampled{1000, 10, {30}}, 100));
  EXPECT_NEAR(accountant.Epsilon(1e-6)->epsilon / 0.0250788694817, 1, 1e-9);
  EXPECT_EQ(accountant.Epsilon(1e-6)->order, 512);
  RdpAccountant other(NeighborRelation::kReplaceOne);
  ASSERT_TRUE(other.Compose(FixedSizeSampled{125, 24, {100}}, 5));
  EXPECT_NEAR(other.Epsilon(1e-3)->epsilon / 0.011283464543, 1, 1e-9);
  EXPECT_EQ(other.Epsilon(1e-3)->order, 256);
}

// rho-zCDP is what a Gaussian of multiplier 1/sqrt(2 rho) gives; these are optimal over all real
// orders.
TEST(RdpAccountant, GridLosesLittleAgainstAllRealOrders) {
  struct {
    double rho, delta, best, tight;
  } const vectors[] = {
      {0.1, 1e-5, 1.914238832, 1.760057150},  {0.2, 1e-10, 4.167010588, 3.984191991},
      {0.5, 1e-5, 4.728386985, 4.377178096},  {0.5, 1e-6, 5.221534445, 4.886554117},
      {1, 1e-5, 7.077196696, 6.572970067},    {1, 1e-10, 10.034343581, 9.618184605},
      {2, 1e-10, 14.870678007, 14.274089645}, {0.005, 1e-6, 0.429941469, 0.396857378},
      {4, 1e-9, 21.316038125, 20.429240310},
  };
  for (const auto& v : vectors) {
    RdpAccountant accountant(NeighborRelation::kZeroOut);
    ASSERT_TRUE(accountant.Compose(Gaussian{1 / std::sqrt(2 * v.rho)}, 1));
    const double epsilon = accountant.Epsilon(v.delta)->epsilon;
    EXPECT_GE(epsilon, v.best * (1 - 1e-9));
    EXPECT_LE(epsilon, v.best * (1 + 1e-3));
    EXPECT_GT(epsilon, v.tight);
  }
}

TEST(RdpAccountant, DeltaIsAnUpperBoundOfTheExactDelta) {
  struct {
    double rate, sigma;
    int64_t rounds;
    double epsilon, exact;
  } const vectors[] = {
      {0.01, 1, 1000, 0.5, 3.056802434750e-02}, {0.01, 1, 1000, 1, 2.612420578664e-03},
      {0.01, 1, 1000, 2, 2.665571924800e-06},   {0.01, 1, 1000, 4, 5.351478627735e-13},
      {0.1, 1, 100, 1, 2.075268521034e-01},     {0.1, 1, 100, 4, 3.994646000912e-03},
      {0.1, 1, 100, 8, 1.146684170983e-06},     {0.1, 5, 1000, 1, 2.576975740073e-02},
      {0.1, 5, 1000, 3, 9.235184335193e-07},    {0.04, 1.5, 2250, 4, 6.384294441200e-03},
      {0.04, 1.5, 2250, 8, 2.252155639091e-07}, {1, std::sqrt(3.0), 3, 1, 0.126936737507},
  };
  for (const auto& v : vectors) {
    RdpAccountant accountant(NeighborRelation::kAddRemove);
    ASSERT_TRUE(accountant.Compose(Poisson(v.rate, v.sigma), v.rounds));
    EXPECT_GE(*accountant.Delta(v.epsilon), v.exact);
    EXPECT_LE(*accountant.Delta(v.epsilon), std::min(1.0, 40 * v.exact));
  }
}

TEST(RdpAccountant, RefusesPairsOfEventAndRelationThatItHasNoAnalysisFor) {
  const auto supports = [](NeighborRelation relation, const PrivacyEvent& event) {
    return RdpAccountant(relation).Supports(event).has_value();
  };
  const PrivacyEvent poisson = PoissonSampled{0.1, {1}}, fixed = FixedSizeSampled{10, 2, {1}};
  for (NeighborRelation relation :
       {NeighborRelation::kAddRemove, NeighborRelation::kZeroOut, NeighborRelation::kReplaceOne}) {
    EXPECT_TRUE(supports(relation, Gaussian{1}));
    EXPECT_EQ(supports(relation, poisson), relation == NeighborRelation::kAddRemove);
    EXPECT_EQ(supports(relation, fixed), relation == NeighborRelation::kReplaceOne);
  }
  RdpAccountant accountant(NeighborRelation::kReplaceOne);
  const Status status = accountant.Compose(poisson, 1);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kUnimplemented);
  EXPECT_THAT(status.error().message, testing::HasSubstr("add-remove"));
  EXPECT_TRUE(accountant.Composed().empty());
}

TEST(RdpAccountant, AnswersHostileNumbersWithAnErrorOrTheTruth) {
  RdpAccountant accountant(NeighborRelation::kAddRemove);
  for (const PrivacyEvent& event :
       {PrivacyEvent(Gaussian{-1}), PrivacyEvent(Gaussian{kNaN}), PrivacyEvent(Gaussian{kInf}),
        Poisson(-0.1, 1), Poisson(1.5, 1), Poisson(kNaN, 1)})
    EXPECT_FALSE(accountant.Compose(event, 1)) << Describe(event);
  EXPECT_FALSE(accountant.Compose(Gaussian{1}, -1));
  EXPECT_TRUE(accountant.Compose(Gaussian{1}, 0));
  EXPECT_EQ(accountant.Epsilon(1e-5)->epsilon, 0);
  EXPECT_EQ(*accountant.Delta(0), 0);
  for (double delta : {0.0, 1.0, 2.0, -1e-5, kNaN, kInf})
    EXPECT_FALSE(accountant.Epsilon(delta)) << delta;
  for (double epsilon : {-1e-9, kNaN, -kInf}) EXPECT_FALSE(accountant.Delta(epsilon)) << epsilon;
  EXPECT_EQ(*accountant.Delta(kInf), 0);

  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  ASSERT_TRUE(accountant.Compose(Poisson(0.5, 1), kMost));
  const Status overflow = accountant.Compose(Poisson(0.5, 1), 1);
  ASSERT_FALSE(overflow);
  EXPECT_EQ(overflow.error().code, Code::kOutOfRange);
  EXPECT_EQ(accountant.Composed().begin()->second, kMost);  // as it was
  EXPECT_GT(accountant.Epsilon(1e-5)->epsilon, 1e16);
  EXPECT_EQ(*accountant.Delta(1), 1);

  RdpAccountant noiseless(NeighborRelation::kAddRemove);
  ASSERT_TRUE(noiseless.Compose(Gaussian{0}, 1));
  EXPECT_EQ(noiseless.Epsilon(1e-5)->epsilon, kInf);
  EXPECT_EQ(noiseless.Epsilon(1e-5)->order, std::nullopt);
  EXPECT_EQ(*noiseless.Delta(5), 1);
  RdpAccountant tiny(NeighborRelation::kAddRemove);
  ASSERT_TRUE(tiny.Compose(Poisson(0.5, 1e-300), 1));
  EXPECT_EQ(tiny.Epsilon(1e-5)->epsilon, kInf);
  RdpAccountant huge(NeighborRelation::kAddRemove);
  ASSERT_TRUE(huge.Compose(Poisson(0.5, 1e300), 1000));
  EXPECT_EQ(huge.Epsilon(1e-5)->epsilon, 0);
}

TEST(RdpAccountant, WarnsWhenTheBestOrderIsAtTheEdgeOfTheGrid) {
  RdpAccountant much(NeighborRelation::kZeroOut), little(NeighborRelation::kZeroOut);
  ASSERT_TRUE(much.Compose(Gaussian{0.05}, 100));
  EXPECT_EQ(much.Epsilon(1e-5)->order, 1.1);
  EXPECT_TRUE(much.Epsilon(1e-5)->order_at_edge);
  ASSERT_TRUE(little.Compose(Gaussian{1000}, 1));
  EXPECT_EQ(little.Epsilon(1e-9)->order, 1024);
  EXPECT_TRUE(little.Epsilon(1e-9)->order_at_edge);
}

TEST(RdpAccountant, EpsilonNeverFallsAndDeltaNeverRises) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed, "epsilon-never-falls");
    RdpAccountant accountant(NeighborRelation::kAddRemove);
    double previous = 0;
    for (int step = 0; step < 10; ++step) {
      const double rate = random.Uniform();
      const double sigma = 0.3 + 5 * random.Uniform();
      const auto count = static_cast<int64_t>(random.Below(50));
      ASSERT_TRUE(accountant.Compose(Poisson(rate, sigma), count));
      const double epsilon = accountant.Epsilon(1e-5)->epsilon;
      EXPECT_GE(epsilon, previous);
      EXPECT_LE(accountant.Epsilon(1e-4)->epsilon, epsilon);
      EXPECT_GE(*accountant.Delta(epsilon / 2), *accountant.Delta(epsilon));
      previous = epsilon;
    }
  }
}

TEST(RdpAccountant, StateIsTheEventsWhateverTheirOrder) {
  const std::pair<PrivacyEvent, int64_t> events[] = {
      {Poisson(0.1, 1.3), 7}, {Gaussian{3}, 2}, {Poisson(0.2, 1.1), 1}, {Poisson(0.1, 1.3), 5}};
  RdpAccountant forwards(NeighborRelation::kAddRemove), backwards(NeighborRelation::kAddRemove),
      restored(NeighborRelation::kAddRemove);
  for (size_t i = 0; i < std::size(events); ++i) {
    ASSERT_TRUE(forwards.Compose(events[i].first, events[i].second));
    const auto& last = events[std::size(events) - 1 - i];
    ASSERT_TRUE(backwards.Compose(last.first, last.second));
  }
  for (const auto& [event, count] : forwards.Composed())
    ASSERT_TRUE(restored.Compose(event, count));
  EXPECT_EQ(forwards.Composed(), backwards.Composed());
  EXPECT_EQ(forwards.Composed().at(Poisson(0.1, 1.3)), 12);
  EXPECT_EQ(forwards.Epsilon(1e-6)->epsilon, backwards.Epsilon(1e-6)->epsilon);  // bit for bit
  EXPECT_EQ(forwards.Epsilon(1e-6)->epsilon, restored.Epsilon(1e-6)->epsilon);
}

}  // namespace
}  // namespace tributary::privacy
