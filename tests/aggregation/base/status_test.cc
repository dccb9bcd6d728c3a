#include "aggregation/base/status.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/matchers.h"

namespace tributary {
namespace {

TEST(Status, CodesHaveGrpcsNumbersAndNames) {
  constexpr std::string_view kNames[] = {"OK",
                                         "CANCELLED",
                                         "UNKNOWN",
                                         "INVALID_ARGUMENT",
                                         "DEADLINE_EXCEEDED",
                                         "NOT_FOUND",
                                         "ALREADY_EXISTS",
                                         "PERMISSION_DENIED",
                                         "RESOURCE_EXHAUSTED",
                                         "FAILED_PRECONDITION",
                                         "ABORTED",
                                         "OUT_OF_RANGE",
                                         "UNIMPLEMENTED",
                                         "INTERNAL",
                                         "UNAVAILABLE",
                                         "DATA_LOSS",
                                         "UNAUTHENTICATED"};
  for (int i = 0; i < 17; ++i) EXPECT_EQ(CodeName(static_cast<Code>(i)), kNames[i]);
  EXPECT_EQ(CodeName(static_cast<Code>(17)), "UNKNOWN");
  EXPECT_EQ(CodeName(static_cast<Code>(-1)), "UNKNOWN");
  EXPECT_EQ(CodeName(Code::kUnauthenticated), "UNAUTHENTICATED");
}

Status Fail() { return MakeError(Code::kDataLoss, "{} of {}", 3, "seven"); }

TEST(Status, AnErrorCarriesCodeAndMessage) {
  EXPECT_THAT(Fail(), Fails(Code::kDataLoss, "3 of seven"));
  EXPECT_THAT(Status(), IsOk());
}

TEST(Status, AnnotatingKeepsTheCode) {
  const Status status = Annotate(Fail().error(), "model.bin");
  EXPECT_EQ(status.error().message, "model.bin: 3 of seven");
  EXPECT_EQ(status.error().code, Code::kDataLoss);
}

Result<int> Number(bool good, int* calls) {
  ++*calls;
  if (!good) return InvalidArgument("no number");
  return 7;
}

TEST(Macros, AssignOrReturnHandsTheValueOnAndEvaluatesOnce) {
  int calls = 0;
  const auto twice = [&](bool good) -> Result<int> {
    ASSIGN_OR_RETURN(const int number, Number(good, &calls));
    return 2 * number;
  };
  EXPECT_EQ(*twice(true), 14);
  EXPECT_THAT(twice(false), Fails(Code::kInvalidArgument, "no number"));
  EXPECT_EQ(calls, 2);
}

TEST(Macros, AssignOrReturnMovesWhatCannotBeCopied) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(5); };
  const auto use = [&]() -> Result<int> {
    ASSIGN_OR_RETURN(std::unique_ptr<int> first, make());
    ASSIGN_OR_RETURN(const std::unique_ptr<int> second, make());
    return *first + *second;
  };
  EXPECT_EQ(*use(), 10);
}

TEST(Macros, ReturnIfErrorLeavesWithTheErrorOnly) {
  int reached = 0;
  const auto run = [&](const Status& status) -> Status {
    RETURN_IF_ERROR(status);
    ++reached;
    return {};
  };
  EXPECT_THAT(run({}), IsOk());
  EXPECT_THAT(run(Fail()), Fails(Code::kDataLoss, "seven"));
  EXPECT_EQ(reached, 1);
}

TEST(Macros, ReturnIfErrorTakesAResultWhoseValueNobodyNeeds) {
  int calls = 0;
  const auto run = [&](bool good) -> Status {
    RETURN_IF_ERROR(Number(good, &calls));
    return {};
  };
  EXPECT_THAT(run(true), IsOk());
  EXPECT_THAT(run(false), Fails(Code::kInvalidArgument, "no number"));
}

TEST(CheckDeathTest, ABrokenPromiseEndsTheProgramWithPlaceAndReason) {
  TRIBUTARY_CHECK(1 + 1 == 2, "never said");
  EXPECT_DEATH(TRIBUTARY_CHECK(1 + 1 == 3, "sums are right"),
               "status_test.cc:[0-9]+: sums are right");
}

}  // namespace
}  // namespace tributary
