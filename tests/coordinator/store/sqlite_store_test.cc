// What the SQLite store owes beyond the interface: one opener, versions, full disks, rights, damage
// that is named.

#include "coordinator/store/sqlite_store.h"

#include <gtest/gtest.h>

#include "aggregation/base/file.h"
#include "coordinator/store/chain.h"
#include "coordinator/store/sqlite.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary::store {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

const RunId kRun{"run-a"};

class SqliteStore : public testing::Test {
 protected:
  std::unique_ptr<StateStore> Open() {
    auto opened = OpenSqliteStore(file_);
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }
  // Changes the closed database behind the store's back.
  void Tamper(const std::string& sql) {
    const auto database = Database::Open(file_);
    ASSERT_THAT(database, IsOk());
    ASSERT_THAT((*database)->Execute(sql), IsOk());
  }
  void MakeJournal() {
    const auto store = Open();
    for (int i = 1; i <= 5; ++i)
      ASSERT_THAT(store->Append(kRun, std::vector<std::string>{fmt::format("record {}", i)}),
                  IsOk());
    ASSERT_THAT(store->WriteSnapshot(kRun, "snapshot"), IsOk());
    ASSERT_THAT(store->Put(kRun, "plan_digest", "abc"), IsOk());
  }

  ScratchDirectory scratch_;
  const std::filesystem::path file_ = scratch_.path() / "state.db";
};

TEST_F(SqliteStore, ASecondOpenerIsTold) {
  const auto first = Open();
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kFailedPrecondition, file_.string() + ": in use by another process"));
  EXPECT_THAT(first->Append(kRun, std::vector<std::string>{"record"}), IsOk());
}

TEST_F(SqliteStore, OpensAgainOnceTheFirstOpenerIsGone) {
  Open().reset();
  Open();
}

TEST_F(SqliteStore, AnotherProgramsHoldOnTheDatabaseIsTold) {
  MakeJournal();
  const auto other = Database::Open(file_);
  ASSERT_THAT((*other)->Execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;"), IsOk());
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kFailedPrecondition, "state.db: database is locked"));
}

TEST_F(SqliteStore, RefusesADatabaseOfANewerProgram) {
  MakeJournal();
  Tamper("PRAGMA user_version = 2");
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kFailedPrecondition, "state.db: schema version 2 is of a newer program"));
}

TEST_F(SqliteStore, RefusesADatabaseOfAnotherProgram) {
  Tamper("CREATE TABLE recipes (title TEXT)");
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kFailedPrecondition, "state.db: is not a state database"));
}

TEST_F(SqliteStore, RefusesAFileThatIsNoDatabase) {
  ASSERT_THAT(WriteFile(file_, std::string(8192, 'x')), IsOk());
  EXPECT_THAT(OpenSqliteStore(file_), Fails(Code::kDataLoss, "state.db: file is not a database"));
  EXPECT_EQ(*ReadFile(file_), std::string(8192, 'x'));
}

TEST_F(SqliteStore, NamesAMissingDirectoryAndADirectoryInPlaceOfTheFile) {
  EXPECT_THAT(OpenSqliteStore(scratch_.path() / "nowhere" / "state.db"),
              Fails(Code::kNotFound, "nowhere/state.db"));
  std::filesystem::create_directory(file_);
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kInvalidArgument, "state.db: cannot open: Is a directory"));
}

TEST_F(SqliteStore, NamesADirectoryThatMayNotBeWritten) {
  std::filesystem::permissions(scratch_.path(), std::filesystem::perms(0555));
  {
    const OrdinaryUser user;
    EXPECT_THAT(OpenSqliteStore(file_), Fails(Code::kPermissionDenied, "state.db"));
  }
  std::filesystem::permissions(scratch_.path(), std::filesystem::perms(0755));
}

TEST_F(SqliteStore, NamesADatabaseThatMayNotBeWritten) {
  MakeJournal();
  std::filesystem::permissions(file_, std::filesystem::perms(0444));
  std::filesystem::permissions(scratch_.path(), std::filesystem::perms(0777));
  std::filesystem::permissions(file_.string() + ".head", std::filesystem::perms(0666));
  const OrdinaryUser user;
  EXPECT_THAT(OpenSqliteStore(file_), Fails(Code::kPermissionDenied, "state.db"));
}

TEST_F(SqliteStore, NamesTheRecordWhoseBytesChanged) {
  MakeJournal();
  Tamper("UPDATE records SET bytes = CAST('record X' AS BLOB) WHERE sequence = 3");
  EXPECT_THAT(
      OpenSqliteStore(file_),
      Fails(Code::kDataLoss, "state.db: run \"run-a\", record 3: does not match its digest"));
}

TEST_F(SqliteStore, NamesTheRecordThatIsMissing) {
  MakeJournal();
  Tamper("DELETE FROM records WHERE sequence = 4");
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kDataLoss, "run \"run-a\", record 4: is missing, found 5"));
}

TEST_F(SqliteStore, NamesTheLastRecordWhenItIsMissing) {
  MakeJournal();
  Tamper("DELETE FROM records WHERE sequence = 5");
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kDataLoss, "run \"run-a\", record 5: is missing, expected 5 records"));
}

TEST_F(SqliteStore, ARecordThatWasForgedWithItsDigestBreaksTheChain) {
  MakeJournal();
  const Digest forged = ChainNext(ChainStart("run-a"), 3, "forged");
  Tamper(fmt::format(
      "UPDATE records SET bytes = CAST('forged' AS BLOB), digest = x'{}' WHERE sequence = 3",
      forged.Hex()));
  EXPECT_THAT(OpenSqliteStore(file_), Fails(Code::kDataLoss, "run \"run-a\", record 3"));
}

TEST_F(SqliteStore, NamesADamagedSnapshotAndADamagedFact) {
  MakeJournal();
  Tamper("UPDATE snapshots SET through = 4");
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kDataLoss, "run \"run-a\", snapshot at record 4"));
  Tamper("UPDATE snapshots SET through = 5; UPDATE facts SET value = CAST('abd' AS BLOB)");
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kDataLoss, "run \"run-a\", fact \"plan_digest\""));
}

TEST_F(SqliteStore, NamesARunThatIsNoLongerListed) {
  MakeJournal();
  Tamper("DELETE FROM runs");
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kDataLoss, "run \"run-a\", has content but is not in the table of runs"));
}

TEST_F(SqliteStore, NoticesADatabaseThatWasRemovedOrSetBack) {
  MakeJournal();
  const std::string old = *ReadFile(file_);
  ASSERT_THAT(Open()->Append(kRun, std::vector<std::string>{"record 6"}), IsOk());
  ASSERT_THAT(WriteFile(file_, old), IsOk());
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kDataLoss, "run \"run-a\", record 6 was acknowledged"));
  std::filesystem::remove(file_);
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kDataLoss, "state.db: is missing, but state.db.head tells"));
  ASSERT_THAT(WriteFile(file_, ""), IsOk());
  EXPECT_THAT(OpenSqliteStore(file_),
              Fails(Code::kDataLoss, "state.db: is empty, but state.db.head tells"));
}

TEST_F(SqliteStore, ADatabaseAloneIsEnough) {
  MakeJournal();
  std::filesystem::remove(file_.string() + ".head");
  EXPECT_THAT(Open()->Recover(kRun)->snapshot, testing::Optional(std::string("snapshot")));
}

TEST(SqliteStoreOnAFullDisk, SaysSoLosesNothingAndGoesOnOnceThereIsRoom) {
  SmallDisk disk(512 << 10);
  const auto file = disk.path() / "state.db";
  std::vector<std::string> acknowledged;
  {
    auto store = OpenSqliteStore(file);
    ASSERT_THAT(store, IsOk());
    Status status;
    for (int i = 0; status && i < 1000; ++i) {
      const std::vector<std::string> records = {fmt::format("{}", i), std::string(5000, 'x')};
      status = (*store)->Append(kRun, records);
      if (status) acknowledged.insert(acknowledged.end(), records.begin(), records.end());
    }
    ASSERT_THAT(status, Fails(Code::kResourceExhausted, file.string())) << disk.kind();
    EXPECT_THAT((*store)->Put(kRun, "large", std::string(400'000, 'x')),
                Fails(Code::kResourceExhausted, file.string()));
    EXPECT_EQ((*store)->Recover(kRun)->records, acknowledged);
    disk.MakeRoom();
    ASSERT_THAT((*store)->Append(kRun, std::vector<std::string>{"after"}), IsOk());
    acknowledged.push_back("after");
  }
  auto store = OpenSqliteStore(file);
  ASSERT_THAT(store, IsOk());
  EXPECT_EQ((*store)->Recover(kRun)->records, acknowledged);
}

// A database of schema version 1 (by tests/data/golden/store/make.py, an independent reading of the
// format); read for ever.
TEST(SqliteStoreGolden, ReadsADatabaseOfVersion1) {
  const ScratchDirectory scratch;
  const auto file = scratch.path() / "state.db";
  std::filesystem::copy_file(TRIBUTARY_SOURCE_DIR "/tests/data/golden/store/version-1.db", file);
  auto store = OpenSqliteStore(file);
  ASSERT_THAT(store, IsOk());
  EXPECT_THAT(*(*store)->Runs(), ElementsAre(RunId{"first"}, RunId{"second"}));
  EXPECT_THAT((*store)->Recover(RunId{"first"})->snapshot,
              testing::Optional(std::string("state after 2")));
  EXPECT_THAT((*store)->Recover(RunId{"first"})->records,
              ElementsAre("record 3", std::string("\0\xff", 2)));
  EXPECT_THAT((*store)->Recover(RunId{"second"})->records, ElementsAre(std::string(10'000, 'b')));
  EXPECT_THAT(*(*store)->Get(RunId{"second"}, "plan_digest"),
              testing::Optional(std::string("0123abcd")));
}

}  // namespace
}  // namespace tributary::store
