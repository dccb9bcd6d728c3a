// What people ask of their client, through files.

#include "client/edge/request_box.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace tributary::edge {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

TEST(RequestBox, KeepsRequestsInOrderUntilTheyAreAnswered) {
  const ScratchDirectory scratch;
  const RequestBox box(scratch.path());
  const std::string name = box.Put("approve", {"flora-1"}).value();
  ASSERT_TRUE(box.Put("withdraw", {"flora-2"}));
  const auto requests = box.Take();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].verb, "approve");
  EXPECT_EQ(requests[0].run.value, "flora-1");
  EXPECT_EQ(requests[0].name, name);
  EXPECT_EQ(requests[1].verb, "withdraw");
  ASSERT_TRUE(box.Reply(requests[0], {true, "flora-1: approved"}));
  EXPECT_EQ(box.Take().size(), 1u);
  const auto answer = box.Wait(name, std::chrono::seconds(1));
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->is_done);
  EXPECT_EQ(answer->text, "flora-1: approved");
  EXPECT_FALSE(box.Wait(requests[1].name, std::chrono::milliseconds(1)).has_value());
}

TEST(RequestBox, IsItsOwnersAloneAndForgetsOldAnswers) {
  const ScratchDirectory scratch;
  const RequestBox box(scratch.path());
  ASSERT_TRUE(box.Open());
  EXPECT_EQ(fs::status(scratch.path() / "requests").permissions(), fs::perms::owner_all);
  const std::string name = box.Put("approve", {"a"}).value();
  ASSERT_TRUE(box.Reply(box.Take()[0], {true, "a"}));
  ASSERT_TRUE(box.Open());
  EXPECT_FALSE(box.Wait(name, std::chrono::milliseconds(1)).has_value());
}

TEST(RequestBox, WhatCannotBeReadHasNoWords) {
  const ScratchDirectory scratch;
  const RequestBox box(scratch.path());
  ASSERT_TRUE(box.Put("approve", {"a"}));
  const auto name = box.Take()[0].name;
  fs::resize_file(scratch.path() / "requests" / (name + ".request"), 3);
  const auto requests = box.Take();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].verb, "");
  ASSERT_TRUE(box.Reply(requests[0], {false, "?"}));
  EXPECT_THAT(box.Take(), IsEmpty());
}

}  // namespace
}  // namespace tributary::edge
