// The fault store misbehaves only in the ways its header says.

#include "tests/support/fault_store.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace tributary::store {
namespace {

const RunId kRun{"run"};

TEST(FaultStore, ARefusedChangeLeavesNoTrace) {
  FaultStore store(Random(1, "faults"), {.refuse = 0.5});
  std::vector<std::string> accepted;
  for (int i = 0; i < 200; ++i) {
    const std::vector<std::string> records = {fmt::format("{}a", i), fmt::format("{}b", i)};
    const Status status = store.Append(kRun, records);
    if (status)
      accepted.insert(accepted.end(), records.begin(), records.end());
    else
      EXPECT_THAT(status, Fails(Code::kResourceExhausted, "full"));
  }
  EXPECT_EQ(store.Recover(kRun)->records, accepted);
  EXPECT_GT(accepted.size(), 100U);
  EXPECT_LT(accepted.size(), 300U);
}

TEST(FaultStore, ACrashKeepsWhatWasAcknowledgedAndTheRestWholeOrNotAtAll) {
  FaultStore store(Random(2, "faults"), {.crash = 0.3});
  std::vector<std::string> expected;
  int whole = 0, torn = 0, forgotten = 0;
  for (int i = 0; i < 300; ++i) {
    const std::vector<std::string> records = {fmt::format("{}a", i), fmt::format("{}b", i)};
    auto with = expected;
    with.insert(with.end(), records.begin(), records.end());
    const Status status = store.Append(kRun, records);
    if (status) {
      expected = with;
      continue;
    }
    EXPECT_THAT(status, Fails(Code::kAborted, "ended"));
    EXPECT_TRUE(store.crashed());
    EXPECT_THAT(store.Recover(kRun), Fails(Code::kAborted, "ended"));
    EXPECT_THAT(store.Append(kRun, records), Fails(Code::kAborted, "ended"));
    store.Restart();
    const auto found = store.Recover(kRun);
    ASSERT_THAT(found, IsOk());
    if (found->records == with) {
      ++whole;
      expected = with;
      continue;
    }
    ASSERT_EQ(found->records, expected);
    ++(found->notice.empty() ? forgotten : torn);
  }
  EXPECT_GT(whole, 10);
  EXPECT_GT(torn, 10);
  EXPECT_GT(forgotten, 10);
}

}  // namespace
}  // namespace tributary::store
