#include "privacy/grid_sum.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <set>

#include "aggregation/base/random.h"
#include "privacy/calibration.h"

namespace tributary::privacy {
namespace {

constexpr double kStepsPerNorm = 1 << kGridBits;
// With this clip norm and divisor 1 the published numbers are the integers themselves.
constexpr double kUnitClip = kStepsPerNorm;

TensorMap RandomUpdate(uint64_t seed, double norm, const std::vector<int64_t>& sizes) {
  Random random(seed, "grid-sum-update");
  TensorMap update;
  double sum = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    Tensor& tensor = update[fmt::format("t{}", i)] = Tensor(DType::kF32, {sizes[i]});
    random.FillNormal(tensor.f32(), 1);
    for (float x : tensor.f32()) sum += static_cast<double>(x) * x;
  }
  for (auto& [name, tensor] : update)
    for (float& x : tensor.f32()) x = static_cast<float>(x * norm / std::sqrt(sum));
  return update;
}

Result<TensorMap> NoisedMean(const Layout& layout, const std::vector<TensorMap>& updates,
                             const CentralNoise& noise, NoiseSource& source,
                             std::string_view call = "round-1") {
  ASSIGN_OR_RETURN(GridSum sum, GridSum::Create(layout, noise, source, call));
  for (const TensorMap& update : updates) RETURN_IF_ERROR(sum.Add(ViewsOf(update)));
  return std::move(sum).Finish();
}

// Noise cancels between two sums from one seed and one name; what is left is what clients moved.
// Needs kUnitClip and divisor 1, so that every number is an integer and exact.
double ExactDistance(const TensorMap& a, const TensorMap& b) {
  double sum = 0;
  for (const auto& [name, tensor] : a)
    for (size_t i = 0; i < tensor.f64().size(); ++i) {
      const double d = tensor.f64()[i] - b.find(name)->second.f64()[i];
      EXPECT_EQ(d, std::floor(d));
      sum += d * d;
    }
  return sum;
}

TEST(GridSum, WithTheNoiseTakenAwayItIsTheMeanOfTheClippedUpdates) {
  const std::vector<TensorMap> updates = {RandomUpdate(1, 0.5, {30, 7}),
                                          RandomUpdate(2, 8, {30, 7}), RandomUpdate(3, 1, {30, 7})};
  const Layout layout = LayoutOf(updates[0]);
  const CentralNoise noise{.clip_norm = 1, .noise_multiplier = 1, .divisor = 4};
  const auto source = SeededNoise(5);
  const Result<TensorMap> with = NoisedMean(layout, updates, noise, *source);
  const Result<TensorMap> without = NoisedMean(layout, {}, noise, *source);
  ASSERT_TRUE(with && without);
  const double factors[] = {1, 1.0 / 8, 1};
  for (const auto& [name, tensor] : *with)
    for (size_t i = 0; i < tensor.f64().size(); ++i) {
      double expected = 0;
      for (size_t k = 0; k < 3; ++k)
        expected += factors[k] * static_cast<double>(updates[k].at(name).f32()[i]) / 4;
      EXPECT_NEAR(tensor.f64()[i] - without->at(name).f64()[i], expected,
                  3 / kStepsPerNorm / 4 + 1e-7);
    }
}

// One client more, less or other moves the integer sum by at most 2^20 (2^21 if other), exactly, be
// its update small, large, just at the bound, or not finite.
TEST(GridSum, SensitivityIsExactForRandomNeighbours) {
  const auto source = SeededNoise(5);
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed, "neighbours");
    const std::vector<int64_t> sizes{static_cast<int64_t>(1 + random.Below(60)),
                                     static_cast<int64_t>(1 + random.Below(5))};
    const auto draw = [&](uint64_t which) {
      const double norms[] = {kUnitClip, kUnitClip * 1e-3, kUnitClip * (1 + 1e-7),
                              kUnitClip * 1e30};
      const uint64_t pick = random.Below(5);
      TensorMap update = RandomUpdate(seed * 10 + which, pick < 4 ? norms[pick] : kUnitClip, sizes);
      if (pick == 4) update.at("t0").f32()[0] = std::numeric_limits<float>::infinity();
      return update;
    };
    std::vector<TensorMap> updates = {draw(0), draw(1), draw(2)};
    const Layout layout = LayoutOf(updates[0]);
    const CentralNoise noise{.clip_norm = kUnitClip, .noise_multiplier = 1, .divisor = 1};
    const Result<TensorMap> all = NoisedMean(layout, updates, noise, *source);
    ASSERT_TRUE(all) << "seed " << seed;
    std::vector<TensorMap> replaced = {updates[0], updates[1], draw(3)};
    updates.pop_back();
    const double limit = kStepsPerNorm * kStepsPerNorm;
    EXPECT_LE(ExactDistance(*all, *NoisedMean(layout, updates, noise, *source)), limit)
        << "seed " << seed;
    EXPECT_LE(ExactDistance(*all, *NoisedMean(layout, replaced, noise, *source)), 4 * limit)
        << "seed " << seed;
  }
}

TEST(GridSum, AnUpdateAtTheBoundIsHardlyShrunk) {
  const auto source = SeededNoise(5);
  for (int64_t size : {1, 2, 1000, 100000}) {
    const std::vector<TensorMap> updates = {RandomUpdate(9, kUnitClip * 3, {size})};
    const CentralNoise noise{.clip_norm = kUnitClip, .noise_multiplier = 1, .divisor = 1};
    const Layout layout = LayoutOf(updates[0]);
    const double moved = std::sqrt(ExactDistance(*NoisedMean(layout, updates, noise, *source),
                                                 *NoisedMean(layout, {}, noise, *source)));
    EXPECT_LE(moved, kStepsPerNorm);
    EXPECT_GE(moved, kStepsPerNorm - std::sqrt(static_cast<double>(size)) - 1);  // truncation
  }
}

TEST(GridSum, ValuesAreTruncatedTowardZero) {
  const auto source = SeededNoise(5);
  const CentralNoise noise{.clip_norm = kUnitClip, .noise_multiplier = 1, .divisor = 1};
  const Layout layout{{"t0", {DType::kF32, {4}}}};
  const std::vector<TensorMap> updates = {
      {{"t0", Tensor::FromF32({4}, std::array{1.9f, -1.9f, 0.9f, -0.9f})}}};
  const TensorMap with = *NoisedMean(layout, updates, noise, *source);
  const TensorMap without = *NoisedMean(layout, {}, noise, *source);
  const double expected[] = {1, -1, 0, 0};
  for (size_t i = 0; i < 4; ++i)
    EXPECT_EQ(with.at("t0").f64()[i] - without.at("t0").f64()[i], expected[i]);
}

TEST(GridSum, TheIntegerBoundHoldsEvenForAWrongFactor) {
  for (double wrong : {1.0, 1 + 1e-9, 1.01, 2.0, 1024.0}) {
    const TensorMap update = RandomUpdate(4, 3, {5000});
    const double per_step = GridStepsPerUnit(ViewsOf(update), wrong / 3, 1);
    double sum = 0;
    for (float x : update.at("t0").f32()) sum += std::pow(std::trunc(x * per_step), 2);
    EXPECT_LE(sum, kStepsPerNorm * kStepsPerNorm) << wrong;
    if (wrong < 1.1) {
      EXPECT_GE(sum, 0.9 * kStepsPerNorm * kStepsPerNorm) << wrong;  // no more than needed
    }
  }
}

// ---- The scale of the noise -------------------------------------------------------------------

constexpr int64_t kElements = 40000;
const Layout& WideLayout() {
  static const Layout layout{{"t0", {DType::kF32, {kElements}}}};
  return layout;
}

// Empty if the values look like a normal of this standard deviation, else what is wrong.
std::string NoiseFault(std::span<const double> values, double expected) {
  double sum = 0;
  std::set<double> distinct;
  for (double x : values) {
    sum += x * x;
    distinct.insert(x);
  }
  const double n = static_cast<double>(values.size());
  const double found = std::sqrt(sum / n);
  if (distinct.size() < values.size() * 9 / 10) return "values repeat";
  if (std::abs(found / expected - 1) > 6 / std::sqrt(2 * n))  // six standard errors
    return fmt::format("standard deviation {}, expected {}", found, expected);
  return "";
}

TEST(GridSum, NoiseHasTheStandardDeviationThatTheMultiplierSays) {
  const auto secure = SecureNoise();
  ASSERT_TRUE(secure);
  for (double multiplier : {0.1, 1.0, 3.394209794, 40.0})
    for (double clip : {0.01, 1.0, 7.5})
      for (double divisor : {1.0, 50.0})
        for (NeighborRelation relation : {NeighborRelation::kZeroOut, NeighborRelation::kAddRemove,
                                          NeighborRelation::kReplaceOne}) {
          const CentralNoise noise{clip, multiplier, relation, divisor};
          const Result<TensorMap> mean = NoisedMean(WideLayout(), {}, noise, **secure);
          ASSERT_TRUE(mean);
          const double expected = multiplier * clip * SensitivityFactor(relation) / divisor;
          EXPECT_EQ(NoiseFault(mean->at("t0").f64(), expected), "")
              << multiplier << " " << clip << " " << divisor << " " << RelationName(relation);
        }
}

TEST(GridSum, NoiseDoesNotDependOnHowManyClientsReport) {
  const auto source = SeededNoise(6);
  const std::vector<TensorMap> zeros(20, TensorMap{{"t0", Tensor(DType::kF32, {kElements})}});
  const CentralNoise noise{.clip_norm = 1, .noise_multiplier = 2, .divisor = 20};
  EXPECT_EQ(*NoisedMean(WideLayout(), {}, noise, *source),
            *NoisedMean(WideLayout(), zeros, noise, *source));
}

// The faults that the check above must see: each is a way in which private code has been wrong.
TEST(GridSum, TheNoiseCheckSeesEveryWayToGetItWrong) {
  const auto source = SeededNoise(6);
  const CentralNoise right{.clip_norm = 1,
                           .noise_multiplier = 2,
                           .relation = NeighborRelation::kAddRemove,
                           .divisor = 10};
  const double expected = 2.0 / 10;
  const auto values = [&](const CentralNoise& noise, std::string_view call) {
    const TensorMap mean = *NoisedMean(WideLayout(), {}, noise, *source, call);
    return std::vector<double>(mean.at("t0").f64().begin(), mean.at("t0").f64().end());
  };
  std::vector<double> base = values(right, "base");
  EXPECT_EQ(NoiseFault(base, expected), "");

  CentralNoise doubled = right;  // sensitivity of another relation
  doubled.relation = NeighborRelation::kReplaceOne;
  EXPECT_NE(NoiseFault(values(doubled, "base"), expected), "");

  CentralNoise realised = right;  // divided by who came instead of by the constant
  realised.divisor = 9;
  EXPECT_NE(NoiseFault(values(realised, "base"), expected), "");

  std::vector<double> per_client(base.size());  // once per client instead of once
  for (int client = 0; client < 10; ++client) {
    const std::vector<double> one = values(right, fmt::format("client-{}", client));
    for (size_t i = 0; i < one.size(); ++i) per_client[i] += one[i];
  }
  EXPECT_NE(NoiseFault(per_client, expected), "");

  EXPECT_NE(NoiseFault(std::vector<double>(base.size()), expected), "");  // forgotten
  EXPECT_NE(NoiseFault(std::vector<double>(base.size(), expected), expected),
            "");                     // one draw for all
  for (double& x : base) x *= 1.05;  // a little too much
  EXPECT_NE(NoiseFault(base, expected), "");
}

TEST(GridSum, TensorsAndCallsHaveNoiseOfTheirOwn) {
  const Layout layout{{"a", {DType::kF32, {1000}}}, {"b", {DType::kF32, {1000}}}};
  const auto source = SeededNoise(6);
  const CentralNoise noise{.clip_norm = 1, .noise_multiplier = 2, .divisor = 10};
  const TensorMap first = *NoisedMean(layout, {}, noise, *source, "round-1");
  const TensorMap second = *NoisedMean(layout, {}, noise, *source, "round-2");
  EXPECT_NE(first.at("a"), first.at("b"));
  EXPECT_NE(first.at("a"), second.at("a"));
  EXPECT_EQ(first, *NoisedMean(layout, {}, noise, *source, "round-1"));
}

// ---- What it refuses --------------------------------------------------------------------------

TEST(GridSum, AnUpdateThatIsNotFiniteAddsNothingAndIsFlagged) {
  const auto source = SeededNoise(6);
  const CentralNoise noise{.clip_norm = 1, .noise_multiplier = 2, .divisor = 10};
  Result<GridSum> sum = GridSum::Create({{"t0", {DType::kF32, {3}}}}, noise, *source, "round-1");
  ASSERT_TRUE(sum);
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const Result<ClipReport> report =
        sum->Add(ViewsOf({{"t0", Tensor::FromF32({3}, std::array{1.0f, bad, 2.0f})}}));
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->finite);
  }
  EXPECT_EQ(std::move(*sum).Finish(),
            *NoisedMean({{"t0", {DType::kF32, {3}}}}, {}, noise, *source));
}

TEST(GridSum, AnUpdateOfAnotherLayoutIsAnErrorAndAddsNothing) {
  const auto source = SeededNoise(6);
  const Layout layout{{"a", {DType::kF32, {3}}}, {"b", {DType::kF32, {2}}}};
  const CentralNoise noise{.clip_norm = 1, .noise_multiplier = 2, .divisor = 10};
  Result<GridSum> sum = GridSum::Create(layout, noise, *source, "round-1");
  ASSERT_TRUE(sum);
  const TensorMap wrong[] = {
      {{"a", Tensor::FromF32({3}, std::array{1.0f, 1.0f, 1.0f})}},
      {{"a", Tensor::FromF32({3}, std::array{1.0f, 1.0f, 1.0f})}, {"b", Tensor(DType::kF32, {3})}},
      {{"a", Tensor::FromF32({3}, std::array{1.0f, 1.0f, 1.0f})}, {"b", Tensor(DType::kF64, {2})}}};
  for (const TensorMap& update : wrong) EXPECT_FALSE(sum->Add(ViewsOf(update)));
  EXPECT_EQ(std::move(*sum).Finish(), *NoisedMean(layout, {}, noise, *source));
}

TEST(GridSum, RefusesHostileSettings) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const auto source = SeededNoise(6);
  const CentralNoise good{.clip_norm = 1, .noise_multiplier = 2, .divisor = 10};
  const auto refused = [&](auto change) {
    CentralNoise noise = good;
    change(noise);
    return !GridSum::Create({{"a", {DType::kF32, {3}}}}, noise, *source, "x").has_value();
  };
  EXPECT_FALSE(refused([](CentralNoise&) {}));
  for (double bad : {0.0, -1.0, 0.03, 1.1e6, kNaN, kInf}) {
    EXPECT_TRUE(refused([&](CentralNoise& n) { n.noise_multiplier = bad; })) << bad;
  }
  for (double bad : {0.0, -1.0, kNaN, kInf}) {
    EXPECT_TRUE(refused([&](CentralNoise& n) { n.divisor = bad; })) << bad;
    EXPECT_TRUE(refused([&](CentralNoise& n) { n.clip_norm = bad; })) << bad;
  }
  EXPECT_FALSE(GridSum::Create({{"a", {DType::kF64, {3}}}}, good, *source, "x"));
  EXPECT_FALSE(GridSum::Create({{"a", {DType::kF32, {-3}}}}, good, *source, "x"));
  const Result<GridSum> huge = GridSum::Create(
      {{"a", {DType::kF32, {int64_t{1} << 31}}}, {"b", {DType::kF32, {1}}}}, good, *source, "x");
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, Code::kResourceExhausted);
  EXPECT_FALSE(refused([](CentralNoise& n) {
    n.noise_multiplier = kMaxNoiseMultiplier;
    n.relation = NeighborRelation::kReplaceOne;
  }));
}

}  // namespace
}  // namespace tributary::privacy
