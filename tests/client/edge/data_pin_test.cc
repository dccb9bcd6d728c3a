// The data of a run are those of its first task, until somebody says otherwise.

#include "client/edge/data_pin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregation/base/file.h"
#include "tests/support/memory_store.h"
#include "tests/support/scratch.h"

namespace tributary::edge {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DataPinTest : public testing::Test {
 protected:
  DataPinTest() {
    settings_.train = scratch_.path() / "train.jsonl";
    Write("one row");
  }
  void Write(const std::string& text) { ASSERT_TRUE(WriteFile(settings_.train, text)); }
  std::string Check(const std::string& run = "a") {
    return DataPin(store_).Check({run}, files_.Digests().value()).value();
  }

  ScratchDirectory scratch_;
  DataSettings settings_;
  DataFiles files_{settings_};
  store::MemoryStore store_;
};

TEST_F(DataPinTest, ChangedDataAreNamedUntilTheyAreConfirmed) {
  EXPECT_EQ(Check(), "");
  EXPECT_EQ(Check(), "");
  Write("two rows");
  const auto names_both = AllOf(HasSubstr("data.train was " + Sha256("one row").Hex()),
                                HasSubstr("is " + Sha256("two rows").Hex()));
  EXPECT_THAT(Check(), names_both);
  EXPECT_THAT(Check(), names_both);
  EXPECT_EQ(Check("b"), "") << "another run begins with what is there";
  EXPECT_TRUE(DataPin(store_).Confirm({"a"}).value());
  EXPECT_EQ(Check(), "");
  EXPECT_FALSE(DataPin(store_).Confirm({"a"}).value());
}

TEST_F(DataPinTest, WhatIsConfirmedIsWhatWasSeen) {
  Check();
  Write("two rows");
  Check();
  Write("three rows");
  EXPECT_TRUE(DataPin(store_).Confirm({"a"}).value());
  EXPECT_THAT(Check(), HasSubstr("is " + Sha256("three rows").Hex()));
}

TEST_F(DataPinTest, AChangeThatWasTakenBackIsNone) {
  Check();
  Write("two rows");
  EXPECT_NE(Check(), "");
  Write("one row");
  EXPECT_EQ(Check(), "");
  EXPECT_FALSE(DataPin(store_).Confirm({"a"}).value()) << "an approval for another reason";
  EXPECT_EQ(Check(), "");
}

TEST_F(DataPinTest, AFileThatIsNewOrGoneIsAChange) {
  Check();
  settings_.test = settings_.train;
  EXPECT_EQ(Check(), "data.test is new");
  settings_.train.clear();
  EXPECT_THAT(Check(), AllOf(HasSubstr("data.test is new"), HasSubstr("data.train is gone")));
}

TEST_F(DataPinTest, AMissingFileIsAnErrorThatNamesIt) {
  std::filesystem::remove(settings_.train);
  EXPECT_THAT(files_.Digests().error().message, HasSubstr("train.jsonl"));
}

}  // namespace
}  // namespace tributary::edge
