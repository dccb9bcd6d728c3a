#include "privacy/privacy_event.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace tributary::privacy {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(PrivacyEvent, StatesTheNeighborRelationOfEachKind) {
  EXPECT_EQ(RelationOf(Gaussian{1}), NeighborRelation::kZeroOut);
  EXPECT_EQ(RelationOf(PoissonSampled{0.1, {1}}), NeighborRelation::kAddRemove);
  EXPECT_EQ(RelationOf(FixedSizeSampled{10, 2, {1}}), NeighborRelation::kReplaceOne);
  EXPECT_EQ(SensitivityFactor(NeighborRelation::kZeroOut), 1);
  EXPECT_EQ(SensitivityFactor(NeighborRelation::kAddRemove), 1);
  EXPECT_EQ(SensitivityFactor(NeighborRelation::kReplaceOne), 2);
}

TEST(PrivacyEvent, RefusesParametersOutOfRange) {
  const PrivacyEvent bad[] = {Gaussian{-1},
                              Gaussian{kNaN},
                              Gaussian{kInf},
                              PoissonSampled{-0.1, {1}},
                              PoissonSampled{1.1, {1}},
                              PoissonSampled{kNaN, {1}},
                              PoissonSampled{0.5, {-1}},
                              FixedSizeSampled{0, 0, {1}},
                              FixedSizeSampled{10, 11, {1}},
                              FixedSizeSampled{10, -1, {1}},
                              FixedSizeSampled{10, 5, {kNaN}}};
  for (const PrivacyEvent& event : bad) {
    const Status status = CheckEvent(event);
    ASSERT_FALSE(status.has_value()) << Describe(event);
    EXPECT_EQ(status.error().code, Code::kInvalidArgument);
    EXPECT_THAT(status.error().message, testing::HasSubstr("expected"));
  }
  const PrivacyEvent good[] = {Gaussian{0}, PoissonSampled{0, {1}}, PoissonSampled{1, {1}},
                               FixedSizeSampled{1, 1, {1}}, FixedSizeSampled{5, 0, {1}}};
  for (const PrivacyEvent& event : good)
    EXPECT_TRUE(CheckEvent(event).has_value()) << Describe(event);
}

TEST(PrivacyEvent, ReplacesTheMultiplierOfEveryKind) {
  for (const PrivacyEvent& event :
       {PrivacyEvent(Gaussian{1}), PrivacyEvent(PoissonSampled{0.1, {1}}),
        PrivacyEvent(FixedSizeSampled{9, 3, {1}})}) {
    const PrivacyEvent changed = WithNoiseMultiplier(event, 2.5);
    EXPECT_EQ(changed.index(), event.index());
    EXPECT_EQ(MechanismOf(changed).noise_multiplier, 2.5);
    EXPECT_EQ(WithNoiseMultiplier(changed, 1), event);
  }
}

TEST(PrivacyEvent, QueriesOnOneCohortFoldIntoOneMultiplier) {
  EXPECT_DOUBLE_EQ(*SameCohortNoiseMultiplier(std::array{2.0, 2.0}), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(*SameCohortNoiseMultiplier(std::array{3.0}), 3.0);
  EXPECT_DOUBLE_EQ(*SameCohortNoiseMultiplier(std::array{1e-200, 1e-200}), 1e-200 / std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(*SameCohortNoiseMultiplier(std::array{1e300, 1e300}), 1e300 / std::sqrt(2.0));
  EXPECT_EQ(*SameCohortNoiseMultiplier(std::array{2.0, 0.0}), 0.0);
  EXPECT_FALSE(SameCohortNoiseMultiplier(std::span<const double>()).has_value());
  EXPECT_FALSE(SameCohortNoiseMultiplier(std::array{2.0, -1.0}).has_value());
  EXPECT_FALSE(SameCohortNoiseMultiplier(std::array{2.0, kNaN}).has_value());
}

}  // namespace
}  // namespace tributary::privacy
