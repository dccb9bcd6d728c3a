#include "privacy/mechanism.h"

#include <gmock/gmock.h>

#include <set>

namespace tributary::privacy {
namespace {

Combination Sound() {
  return {.method = "fed-sb",
          .alternatives = "fed-sb, ffa-lora, rolora",
          .aggregate_is_mean = true,
          .one_trained_factor = true,
          .uniform_weighting = true};
}

TEST(Mechanism, TableHasDistinctNamesAndDescriptions) {
  std::set<std::string_view> names;
  for (const Mechanism& mechanism : kMechanisms) {
    EXPECT_TRUE(names.insert(mechanism.name).second);
    EXPECT_FALSE(mechanism.description.empty());
    EXPECT_EQ(mechanism.adds_noise, !mechanism.method_must.empty());
    EXPECT_EQ(*FindMechanism(mechanism.name), &mechanism);
  }
  const auto unknown = FindMechanism("centrl");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message,
              testing::AllOf(testing::HasSubstr("centrl"), testing::HasSubstr("\"central\"")));
}

TEST(Mechanism, CentralTakesASoundCombinationAndNoneTakesAny) {
  EXPECT_THAT(Refusals(**FindMechanism("central"), Sound()), testing::IsEmpty());
  EXPECT_THAT(Refusals(**FindMechanism("none"), Combination{}), testing::IsEmpty());
}

TEST(Mechanism, CentralRefusesEachUnsoundCombinationByNameWithTheAlternative) {
  struct {
    void (*spoil)(Combination&);
    const char* names;
  } const cases[] = {
      {[](Combination& c) { c.aggregate_is_mean = false; }, "fed-sb, ffa-lora, rolora"},
      {[](Combination& c) { c.one_trained_factor = false; }, "quadratically"},
      {[](Combination& c) { c.one_trained_factor = false; }, "fed-sb, ffa-lora, rolora"},
      {[](Combination& c) { c.uniform_weighting = false; }, "weighting = \"uniform\""},
      {[](Combination& c) { c.over_selection = true; }, "over_selection = 0"},
      {[](Combination& c) { c.data_dependent_start = true; }, "head_start = \"random\""},
      {[](Combination& c) { c.relative_label_calibration = true; }, "\"own\""},
      {[](Combination& c) { c.client_evaluation = true; }, "\"test\""},
  };
  for (const auto& test : cases) {
    Combination combination = Sound();
    test.spoil(combination);
    EXPECT_THAT(Refusals(**FindMechanism("central"), combination),
                testing::ElementsAre(
                    testing::AllOf(testing::HasSubstr("central"), testing::HasSubstr(test.names))));
  }
}

TEST(Mechanism, AllRefusalsAreListedAtOnce) {
  Combination worst{.method = "flora",
                    .alternatives = "fed-sb",
                    .over_selection = true,
                    .data_dependent_start = true,
                    .relative_label_calibration = true,
                    .client_evaluation = true};
  EXPECT_THAT(Refusals(**FindMechanism("central"), worst), testing::SizeIs(6));
}

}  // namespace
}  // namespace tributary::privacy
