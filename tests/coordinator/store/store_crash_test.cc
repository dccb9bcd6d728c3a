// kill -9 of a real process in the middle of its changes: what was acknowledged is there, what was
// not is there whole or not at all. The test program starts itself as the child.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aggregation/base/file.h"
#include "coordinator/store/blob_store.h"
#include "coordinator/store/sqlite_store.h"
#include "tests/coordinator/store/kill_point.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

extern char** environ;

namespace tributary::store {
namespace {

const RunId kRun{"run"};
constexpr int kSteps = 24;

// What both sides know after `steps` steps of the script.
struct Model {
  std::vector<std::string> records;  // since the snapshot
  std::optional<std::string> snapshot, fact;
  std::vector<std::string> blobs;
};

std::string BlobOf(int step) {
  return fmt::format("blob {} ", step) + std::string(static_cast<size_t>(step) * 700, 'b');
}
std::vector<std::string> RecordsOf(int step) {
  return {fmt::format("step {}", step), std::string(static_cast<size_t>(step) * 97, 'r'),
          fmt::format("end {}", step)};
}

Model After(int steps) {
  Model model;
  for (int i = 0; i < steps; ++i) {
    const std::string text = fmt::format("value {}", i);
    if (i % 6 == 3)
      model.fact = text;
    else if (i % 6 == 5)
      model.snapshot = text, model.records.clear();
    else if (i % 6 == 1)
      model.blobs.push_back(BlobOf(i));
    else if (i % 12 == 8)
      model.blobs.erase(model.blobs.begin());
    else
      for (std::string& record : RecordsOf(i)) model.records.push_back(std::move(record));
  }
  return model;
}

Status Do(int i, StateStore& state, BlobStore& blobs) {
  const std::string text = fmt::format("value {}", i);
  if (i % 6 == 3) return state.Put(kRun, "fact", text);
  if (i % 6 == 5) return state.WriteSnapshot(kRun, text);
  if (i % 6 == 1) {
    const std::string blob = BlobOf(i);
    RETURN_IF_ERROR(blobs.Put(std::as_bytes(std::span(blob))));
    return {};
  }
  if (i % 12 == 8) return blobs.Delete(Sha256(After(i).blobs.front()));
  return state.Append(kRun, RecordsOf(i));
}

// Says "step i is durable" to the parent, past the kill points.
void Acknowledge() { ::syscall(SYS_write, STDOUT_FILENO, "+", 1); }

// The child: goes on from step `first`, and is killed at its `call`-th call to the kernel.
int RunScript(const std::filesystem::path& directory, int first, int call, KillWhere where) {
  ArmKillPoint(call, where);
  auto state = OpenSqliteStore(directory / "state.db");
  auto blobs = OpenDiskBlobStore(directory / "blobs");
  if (!state || !blobs) return 3;
  for (int i = first; i < kSteps; ++i) {
    if (!Do(i, **state, **blobs)) return 4;
    Acknowledge();
  }
  return 0;
}

struct Ended {
  int acknowledged = 0;
  bool killed = false;
  int exit_code = 0;
};

// Runs the child to its end; with `kill_after` >= 0, kills it from outside when it has acknowledged
// that many steps.
Ended RunChild(const std::filesystem::path& directory, int first, int call, KillWhere where,
               int kill_after = -1) {
  int pipe_ends[2];
  TRIBUTARY_CHECK(::pipe2(pipe_ends, O_CLOEXEC) == 0, "a pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  std::vector<std::string> words = {"child", directory.string(), std::to_string(first),
                                    std::to_string(call),
                                    where == KillWhere::kInsideWrite ? "inside" : "before"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  TRIBUTARY_CHECK(
      ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ) == 0,
      "a child");
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  Ended ended;
  for (char byte = 0;;) {
    if (ended.acknowledged == kill_after) ::kill(child, SIGKILL), kill_after = -1;
    if (::read(pipe_ends[0], &byte, 1) != 1) break;
    ++ended.acknowledged;
  }
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  ended.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  ended.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ended;
}

bool Holds(StateStore& state, BlobStore& blobs, const Model& model) {
  const auto found = state.Recover(kRun);
  const auto fact = state.Get(kRun, "fact");
  if (!found || !fact || found->records != model.records || found->snapshot != model.snapshot ||
      *fact != model.fact)
    return false;
  std::vector<BlobFacts> expected;
  for (const std::string& blob : model.blobs) {
    if (!blobs.Open(Sha256(blob))) return false;
    expected.push_back({Sha256(blob), static_cast<int64_t>(blob.size())});
  }
  std::sort(expected.begin(), expected.end(),
            [](const auto& a, const auto& b) { return a.digest < b.digest; });
  return blobs.List() == expected;
}

// The steps that the directory holds: `acknowledged`, or one more; anything else is a failure (-1).
int StepsFound(const std::filesystem::path& directory, int acknowledged) {
  auto state = OpenSqliteStore(directory / "state.db");
  auto blobs = OpenDiskBlobStore(directory / "blobs");
  EXPECT_THAT(state, IsOk());
  EXPECT_THAT(blobs, IsOk());
  if (!state || !blobs) return -1;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "blobs"))
    EXPECT_NE(entry.path().extension(), ".tmp");
  for (int steps = acknowledged; steps <= std::min(acknowledged + 1, kSteps); ++steps)
    if (Holds(**state, **blobs, After(steps))) return steps;
  ADD_FAILURE() << acknowledged
                << " steps were acknowledged, but the stores hold neither them nor one more";
  return -1;
}

int Sweep(KillWhere where, int stride) {
  for (int call = 1;; call += stride) {
    SCOPED_TRACE(fmt::format("killed at call {}", call));
    const ScratchDirectory scratch;
    const Ended first = RunChild(scratch.path(), 0, call, where);
    const int steps = StepsFound(scratch.path(), first.acknowledged);
    if (steps < 0 || !first.killed) {
      EXPECT_EQ(first.exit_code, 0);
      EXPECT_EQ(first.acknowledged, kSteps);
      return call;
    }
    const Ended second = RunChild(scratch.path(), steps, 0, where);
    EXPECT_EQ(second.exit_code, 0);
    if (StepsFound(scratch.path(), steps + second.acknowledged) != kSteps) return call;
  }
}

TEST(StoreCrash, KilledBeforeAnyCallItLosesNothingAcknowledgedAndGoesOn) {
  const int calls = Sweep(KillWhere::kBeforeCall, 1);
  EXPECT_GT(calls, 100);
  RecordProperty("calls", calls);
}

TEST(StoreCrash, KilledInsideAnyWriteItLosesNothingAcknowledgedAndGoesOn) {
  EXPECT_GT(Sweep(KillWhere::kInsideWrite, 1), 100);
}

TEST(StoreCrash, KilledAgainAndAgainWhileItRecoversItLosesNothing) {
  for (int call = 5; call < 120; call += 9) {
    SCOPED_TRACE(fmt::format("killed at call {}", call));
    const ScratchDirectory scratch;
    int acknowledged = RunChild(scratch.path(), 0, call, KillWhere::kInsideWrite).acknowledged;
    for (int again = 1; again <= 8; ++again)  // within the opening, before any step
      ASSERT_EQ(RunChild(scratch.path(), kSteps, again, KillWhere::kInsideWrite).acknowledged, 0);
    EXPECT_GE(StepsFound(scratch.path(), acknowledged), acknowledged);
  }
}

TEST(StoreCrash, KilledFromOutsideItLosesNothingAcknowledged) {
  for (int steps = 0; steps < kSteps; ++steps) {
    SCOPED_TRACE(fmt::format("killed after step {}", steps));
    const ScratchDirectory scratch;
    const Ended ended = RunChild(scratch.path(), 0, 0, KillWhere::kBeforeCall, steps);
    EXPECT_GE(ended.acknowledged, steps);
    StepsFound(scratch.path(), ended.acknowledged);
  }
}

TEST(StoreCrash, EveryChangeIsSyncedBeforeItIsAcknowledged) {
  const ScratchDirectory scratch;
  const auto state = *OpenSqliteStore(scratch.path() / "state.db");
  const auto blobs = *OpenDiskBlobStore(scratch.path() / "blobs");
  size_t before = FileCalls().size();
  ASSERT_THAT(blobs->Put(std::as_bytes(std::span("blob"))), IsOk());
  EXPECT_EQ(FileCalls().substr(before),
            "wsrs");  // the bytes, their sync, the name, the directory's sync
  ASSERT_THAT(state->Append(kRun, std::vector<std::string>{"record"}), IsOk());
  before = FileCalls().size();
  ASSERT_THAT(state->Append(kRun, std::vector<std::string>{"record"}), IsOk());
  EXPECT_THAT(FileCalls().substr(before),
              testing::MatchesRegex("w+sw"));  // log frames, their sync, the witness
}

TEST(StoreCrash, AfterAFailedSyncTheStoreRefusesWorkUntilItIsOpenedAnew) {
  const ScratchDirectory scratch;
  const auto file = scratch.path() / "state.db";
  auto state = *OpenSqliteStore(file);
  ASSERT_THAT(state->Append(kRun, std::vector<std::string>{"one"}), IsOk());
  FailNextSync();
  EXPECT_THAT(state->Append(kRun, std::vector<std::string>{"two"}),
              Fails(Code::kUnavailable, "state.db: disk I/O error"));
  EXPECT_THAT(state->Append(kRun, std::vector<std::string>{"three"}),
              Fails(Code::kUnavailable, "state.db: refuses work since a change failed"));
  EXPECT_THAT(state->Recover(kRun), Fails(Code::kUnavailable, "refuses work"));
  state.reset();
  state = *OpenSqliteStore(file);
  EXPECT_EQ(state->Recover(kRun)->records.front(), "one");
  EXPECT_THAT(state->Append(kRun, std::vector<std::string>{"four"}), IsOk());
}

TEST(StoreCrash, ABlobWhoseSyncFailsIsNotThere) {
  const ScratchDirectory scratch;
  const auto blobs = *OpenDiskBlobStore(scratch.path());
  FailNextSync();
  EXPECT_THAT(blobs->Put(std::as_bytes(std::span("blob"))),
              Fails(Code::kUnavailable, "cannot sync: Input/output error"));
  EXPECT_TRUE(blobs->List().empty());
  EXPECT_THAT(blobs->Put(std::as_bytes(std::span("blob"))), IsOk());
}

}  // namespace

int ChildMain(char** arguments) {
  const KillWhere where =
      std::string_view(arguments[4]) == "inside" ? KillWhere::kInsideWrite : KillWhere::kBeforeCall;
  return RunScript(arguments[1], std::stoi(arguments[2]), std::stoi(arguments[3]), where);
}

}  // namespace tributary::store

int main(int count, char** arguments) {
  if (count == 5 && std::string_view(arguments[0]) == "child")
    return tributary::store::ChildMain(arguments);
  testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
