// Every StateStore keeps the promises of state_store.h, whatever it is made of.

#include <gtest/gtest.h>

#include "aggregation/base/random.h"
#include "coordinator/store/sqlite_store.h"
#include "tests/support/fault_store.h"
#include "tests/support/matchers.h"
#include "tests/support/memory_store.h"
#include "tests/support/scratch.h"

namespace tributary::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

// Opens one kind of store over one content, as often as asked.
using Opener = std::function<Result<std::unique_ptr<StateStore>>()>;

Opener Sqlite(const std::filesystem::path& directory) {
  return [file = directory / "state.db"] { return OpenSqliteStore(file); };
}
Opener Memory(const std::filesystem::path&) {
  return [content =
              std::make_shared<MemoryStore::Content>()]() -> Result<std::unique_ptr<StateStore>> {
    return std::make_unique<MemoryStore>(content);
  };
}
Opener FaultStoreWithoutFaults(const std::filesystem::path&) {
  return [content =
              std::make_shared<MemoryStore::Content>()]() -> Result<std::unique_ptr<StateStore>> {
    return std::make_unique<FaultStore>(Random(1, "faults"), StoreFaults{}, content);
  };
}

struct StoreKind {
  const char* name;
  Opener (*opener)(const std::filesystem::path&);
};
constexpr StoreKind kKinds[] = {
    {"sqlite", Sqlite}, {"memory", Memory}, {"fault", FaultStoreWithoutFaults}};

class StateStoreConformance : public testing::TestWithParam<StoreKind> {
 protected:
  StateStoreConformance() : opener_(GetParam().opener(scratch_.path())) { Reopen(); }

  void Reopen() {
    store_.reset();
    auto opened = opener_();
    ASSERT_THAT(opened, IsOk());
    store_ = *std::move(opened);
  }
  Status Append(const std::vector<std::string>& records) { return store_->Append(run_, records); }
  Recovered Recover(const RunId& run) {
    auto recovered = store_->Recover(run);
    EXPECT_THAT(recovered, IsOk());
    return recovered ? *std::move(recovered) : Recovered{};
  }
  Recovered Recover() { return Recover(run_); }

  ScratchDirectory scratch_;
  Opener opener_;
  std::unique_ptr<StateStore> store_;
  const RunId run_{"run-a"};
};

TEST_P(StateStoreConformance, RecoversNothingFromARunNobodyWroteTo) {
  const Recovered found = Recover();
  EXPECT_FALSE(found.snapshot.has_value());
  EXPECT_THAT(found.records, IsEmpty());
  EXPECT_EQ(found.notice, "");
  EXPECT_THAT(*store_->Runs(), IsEmpty());
}

TEST_P(StateStoreConformance, ReturnsRecordsInTheOrderOfTheirAppends) {
  ASSERT_THAT(Append({"one", "two"}), IsOk());
  ASSERT_THAT(Append({"three"}), IsOk());
  EXPECT_THAT(Recover().records, ElementsAre("one", "two", "three"));
  Reopen();
  EXPECT_THAT(Recover().records, ElementsAre("one", "two", "three"));
}

TEST_P(StateStoreConformance, KeepsBytesAsTheyAre) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const std::string large(300'000, '\xff');
  ASSERT_THAT(Append({"", all, large, std::string(3, '\0')}), IsOk());
  ASSERT_THAT(store_->Put(run_, "fact", all), IsOk());
  Reopen();
  EXPECT_THAT(Recover().records, ElementsAre("", all, large, std::string(3, '\0')));
  EXPECT_THAT(*store_->Get(run_, "fact"), Optional(all));
}

TEST_P(StateStoreConformance, AppendingNothingIsNothing) {
  EXPECT_THAT(Append({}), IsOk());
  EXPECT_THAT(*store_->Runs(), IsEmpty());
}

TEST_P(StateStoreConformance, ReturnsTheNewestSnapshotAndWhatCameAfterIt) {
  ASSERT_THAT(Append({"one", "two"}), IsOk());
  ASSERT_THAT(store_->WriteSnapshot(run_, "state after two"), IsOk());
  EXPECT_THAT(Recover().snapshot, Optional(std::string("state after two")));
  EXPECT_THAT(Recover().records, IsEmpty());
  ASSERT_THAT(Append({"three"}), IsOk());
  Reopen();
  EXPECT_THAT(Recover().records, ElementsAre("three"));
  ASSERT_THAT(store_->WriteSnapshot(run_, std::string("\0state", 6)), IsOk());
  ASSERT_THAT(Append({"four"}), IsOk());
  EXPECT_THAT(Recover().snapshot, Optional(std::string("\0state", 6)));
  EXPECT_THAT(Recover().records, ElementsAre("four"));
}

TEST_P(StateStoreConformance, TakesAnEmptySnapshotOfARunWithoutRecords) {
  ASSERT_THAT(store_->WriteSnapshot(run_, ""), IsOk());
  Reopen();
  EXPECT_THAT(Recover().snapshot, Optional(std::string()));
  EXPECT_THAT(*store_->Runs(), ElementsAre(run_));
}

TEST_P(StateStoreConformance, KeepsFactsAndReplacesThem) {
  EXPECT_EQ(*store_->Get(run_, "plan_digest"), std::nullopt);
  ASSERT_THAT(store_->Put(run_, "plan_digest", "abc"), IsOk());
  ASSERT_THAT(store_->Put(run_, "run.toml", "format = 1\n"), IsOk());
  ASSERT_THAT(store_->Put(run_, "plan_digest", "def"), IsOk());
  Reopen();
  EXPECT_THAT(*store_->Get(run_, "plan_digest"), Optional(std::string("def")));
  EXPECT_THAT(*store_->Get(run_, "run.toml"), Optional(std::string("format = 1\n")));
  EXPECT_EQ(*store_->Get(run_, "plan"), std::nullopt);
  EXPECT_THAT(Recover().records, IsEmpty());
}

TEST_P(StateStoreConformance, KeepsRunsApart) {
  const RunId other{"Ünicode \"run\" with spaces/and ; signs"};
  ASSERT_THAT(Append({"mine"}), IsOk());
  ASSERT_THAT(store_->Append(other, std::vector<std::string>{"theirs"}), IsOk());
  ASSERT_THAT(store_->WriteSnapshot(other, "theirs"), IsOk());
  ASSERT_THAT(store_->Put(other, "key", "theirs"), IsOk());
  Reopen();
  EXPECT_THAT(Recover().records, ElementsAre("mine"));
  EXPECT_FALSE(Recover().snapshot.has_value());
  EXPECT_EQ(*store_->Get(run_, "key"), std::nullopt);
  EXPECT_THAT(Recover(other).records, IsEmpty());
  EXPECT_THAT(*store_->Runs(), ElementsAre(run_, other));
}

TEST_P(StateStoreConformance, ARefusedAppendChangesNothing) {
  ASSERT_THAT(Append({"one"}), IsOk());
  EXPECT_THAT(Append({"two", std::string(kMaxRecord + 1, 'x'), "three"}),
              Fails(Code::kInvalidArgument, "run run-a: a record of 16777217 bytes"));
  EXPECT_THAT(Append(std::vector<std::string>(kMaxRecordsPerAppend + 1)),
              Fails(Code::kInvalidArgument, "65537 records"));
  EXPECT_THAT(Recover().records, ElementsAre("one"));
  ASSERT_THAT(Append({"two"}), IsOk());
  Reopen();
  EXPECT_THAT(Recover().records, ElementsAre("one", "two"));
}

TEST_P(StateStoreConformance, RefusesWhatIsBeyondItsLimits) {
  const std::string long_name(kMaxName + 1, 'n');
  const std::vector<std::string> records{"r"};
  EXPECT_THAT(store_->Append(RunId{""}, records),
              Fails(Code::kInvalidArgument, "run name has 0 bytes"));
  EXPECT_THAT(store_->Append(RunId{long_name}, records),
              Fails(Code::kInvalidArgument, "run name has 201 bytes"));
  EXPECT_THAT(store_->Recover(RunId{"a\nb"}),
              Fails(Code::kInvalidArgument, "control character 0x0a"));
  EXPECT_THAT(store_->Put(run_, "", "v"), Fails(Code::kInvalidArgument, "fact name has 0 bytes"));
  EXPECT_THAT(store_->Put(run_, "k", std::string(kMaxRecord + 1, 'v')),
              Fails(Code::kInvalidArgument, "fact k of 16777217"));
  EXPECT_THAT(store_->Get(run_, std::string("k\0", 2)),
              Fails(Code::kInvalidArgument, "control character"));
  EXPECT_THAT(store_->WriteSnapshot(run_, std::string(kMaxSnapshot + 1, 's')),
              Fails(Code::kInvalidArgument, "a snapshot of"));
  EXPECT_THAT(*store_->Runs(), IsEmpty());
  EXPECT_THAT(store_->Append(RunId{long_name.substr(1)},
                             std::vector<std::string>{std::string(kMaxRecord, 'r')}),
              IsOk());
}

// Any sequence of calls and reopenings answers as a plain model in this test would.
TEST_P(StateStoreConformance, AnswersAsAModelDoes) {
  constexpr uint64_t kSeed = 11;
  SCOPED_TRACE(fmt::format("seed {}", kSeed));
  Random random(kSeed, "state store conformance");
  MemoryStore::Content model;
  const std::vector<std::string> names = {"a", "b", "c"};
  for (int step = 0; step < 300; ++step) {
    const std::string& run = names[random.Below(names.size())];
    const uint64_t what = random.Below(10);
    MemoryStore::Run& expected = model[run];
    if (what < 5) {
      std::vector<std::string> records(1 + random.Below(4));
      for (std::string& record : records)
        record = fmt::format("{}:{}", step, std::string(random.Below(6000), 'r'));
      ASSERT_THAT(store_->Append(RunId{run}, records), IsOk());
      expected.records.insert(expected.records.end(), records.begin(), records.end());
    } else if (what < 7) {
      const std::string key = fmt::format("key-{}", random.Below(3));
      expected.facts[key] = fmt::format("value of step {}", step);
      ASSERT_THAT(store_->Put(RunId{run}, key, expected.facts[key]), IsOk());
    } else if (what == 7) {
      expected.snapshot = fmt::format("snapshot of step {}", step);
      expected.through = expected.records.size();
      ASSERT_THAT(store_->WriteSnapshot(RunId{run}, *expected.snapshot), IsOk());
    } else if (what == 8) {
      Reopen();
    }
    const Recovered found = Recover(RunId{run});
    ASSERT_EQ(found.snapshot, expected.snapshot) << "step " << step;
    ASSERT_TRUE(std::equal(found.records.begin(), found.records.end(),
                           expected.records.begin() + static_cast<std::ptrdiff_t>(expected.through),
                           expected.records.end()))
        << "step " << step;
    for (const auto& [key, value] : expected.facts)
      ASSERT_THAT(*store_->Get(RunId{run}, key), Optional(value));
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, StateStoreConformance, testing::ValuesIn(kKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace tributary::store
