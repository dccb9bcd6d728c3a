// A federation without threads, sockets and clocks: what takes long is done when the test says so.

#include "coordinator/daemon/federation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/tensor/safetensors.h"
#include "coordinator/daemon/status.h"
#include "tests/support/matchers.h"
#include "tests/support/memory_store.h"
#include "tests/support/scratch.h"

namespace tributary::daemon {
namespace {

constexpr const char* kModel = R"({"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1,
  "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 16,
  "max_position_embeddings": 8})";
constexpr const char* kPlan = R"(
[model]
name = "tiny/bert"
labels = ["blue", "green"]
digest = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[adapter]
method = "ffa-lora"
rank = 2
[federation]
rounds = 3
cohort = 2
minimum = 2
weighting = "uniform"
[evaluation]
on = "test"
every = 1000
)";
constexpr const char* kPrivacy = R"([privacy]
mode = "central"
clip_norm = 1
delta = 0.01
noise_multiplier = 1
)";
const std::vector<ClientId> kSites = {{"site-a"}, {"site-b"}, {"site-c"}};  // c has public rows

class Listening : public Observer {
 public:
  MOCK_METHOD(void, Opened, (const Run&, bool), (override));
  MOCK_METHOD(void, Recorded, (const Run&, std::span<const coordinator::Record>, Duration),
              (override));
  MOCK_METHOD(void, Halted, (const Run&, const Error&), (override));
  MOCK_METHOD(void, Recovered, (const Run&), (override));
  MOCK_METHOD(void, Connected, (const ClientId&, const proto::Hello&), (override));
  MOCK_METHOD(void, Disconnected, (const ClientId&), (override));
  MOCK_METHOD(void, Refused, (const ClientId&, const Error&), (override));
  MOCK_METHOD(void, Rejected, (const Run&, const ClientId&, const Error&), (override));
  MOCK_METHOD(void, Quarantined, (const ClientId&, const Error&), (override));
  MOCK_METHOD(void, Released, (const ClientId&), (override));
  MOCK_METHOD(void, Elsewhere, (const ClientId&, std::string_view, std::string_view), (override));
  MOCK_METHOD(void, Failed, (const Run&, const ClientId&, Reason, std::string_view), (override));
};

class FederationTest : public testing::Test, public Surroundings {
 protected:
  FederationTest() {
    Open();
    for (const ClientId& site : kSites) EXPECT_THAT(federation_->Enrol(site, {}), IsOk());
  }

  TimePoint Now() override { return TimePoint{std::chrono::seconds(++seconds_)}; }
  void Send(const ClientId& client, proto::CoordinatorMessage message) override {
    if (auto* task = std::get_if<proto::Assignment>(&message.body)) tasks_[client] = *task;
  }
  void Work(std::function<std::function<void()>()> work) override { work_.push_back(work); }
  void Changed(const RunId&) override {}
  void Point(std::string_view) override {}
  Observer& observer() override { return observer_; }

  // As a process that has just started over what the last one left.
  Status TryOpen() {
    work_.clear();
    federation_.reset();
    ASSIGN_OR_RETURN(federation_, Federation::Open({"default", scratch_.path(), {}, {}, false},
                                                   states_, *uploads_, *this));
    return {};
  }
  void Open() {
    const Status opened = TryOpen();
    TRIBUTARY_CHECK(opened, opened.error().message);
  }
  // The blob's file, wherever it is.
  std::filesystem::path FileOf(const Digest& digest) const {
    for (const auto& file : std::filesystem::recursive_directory_iterator(scratch_.path()))
      if (file.path().filename() == digest.Hex()) return file.path();
    return {};
  }
  RunId Submit(const std::string& plan) {
    proto::Submission submission;
    submission.plan.value = plan;
    submission.model_config.value = kModel;
    submission.designated = kSites[2].value;
    const auto run = federation_->Submit(submission);
    EXPECT_THAT(run, IsOk());
    for (const ClientId& site : kSites) Connect(site);
    return *run;
  }
  void Connect(const ClientId& client, const proto::Hello& hello = {}) {
    EXPECT_THAT(federation_->Connected(client, hello, "127.0.0.1"), IsOk());
    federation_->OnMessage(client, proto::Holds{});
  }
  // What has been asked for until now.
  void DoWork() {
    for (auto& work : std::exchange(work_, {})) work()();
  }
  const daemon::Run& Of(const RunId& run) const { return **federation_->RunOf(run); }
  template <typename Phase>
  bool IsIn(const RunId& run) const {
    return Of(run).state() != nullptr && std::holds_alternative<Phase>(Of(run).state()->phase);
  }

  // Each site that was given a task uploads what fits it, and offers that.
  void Answer(const RunId& run) {
    for (const auto& [client, assignment] : std::exchange(tasks_, {})) {
      fold::FoldPlan plan = Of(run).setup().plan.fold;
      plan.rank_of = [&](const ClientId&) { return assignment.rank; };
      TensorMap tensors;
      for (const auto& [name, entry] : fold::UploadLayout(plan, client, assignment.task))
        tensors.emplace(name, Tensor(entry.dtype, entry.shape));
      if (assignment.task.kind == TaskKind::kTrain)
        for (auto& [name, tensor] : tensors) tensor.f32()[0] = 0.25F;  // so that the state changes
      if (const auto counts = tensors.find("evaluation.confusion"); counts != tensors.end())
        counts->second.i64()[0] = 1;
      const std::string bytes = SerializeSafetensors(tensors);
      const int64_t sequence = assignment.task.sequence;
      const Digest digest = Sha256(bytes);
      auto upload =
          *uploads_->Begin({run, sequence, client, digest, static_cast<int64_t>(bytes.size())});
      const auto part = std::as_bytes(std::span(bytes));
      EXPECT_THAT(upload->Write({&part, 1}), IsOk());
      EXPECT_THAT(upload->Commit(), IsOk());
      federation_->OnMessage(client, proto::Offer{run, sequence, digest, 1, {}});
    }
    DoWork();
  }
  // Until the updates of a training stage are there and are to be folded.
  void GoOnUntilTheFold(const RunId& run) {
    for (int i = 0; i < 10; ++i) {
      const bool is_training =
          !tasks_.empty() && tasks_.begin()->second.task.kind == TaskKind::kTrain;
      Answer(run);
      if (is_training) break;
      DoWork();
    }
    ASSERT_TRUE(IsIn<coordinator::Aggregating>(run));
    ASSERT_EQ(work_.size(), 1u);
  }

  ScratchDirectory scratch_;
  store::MemoryStore states_;
  std::unique_ptr<store::UploadStore> uploads_ =
      *store::UploadStore::Open(scratch_.path() / "uploads");
  testing::NiceMock<Listening> observer_;
  int64_t seconds_ = 0;
  std::map<ClientId, proto::Assignment> tasks_;
  std::vector<std::function<std::function<void()>()>> work_;
  std::unique_ptr<Federation> federation_;
};

TEST_F(FederationTest, ARoundIsAnsweredFoldedAndCommitted) {
  const RunId run = Submit(kPlan);
  GoOnUntilTheFold(run);
  DoWork();
  EXPECT_EQ(Of(run).state()->checkpoint_round, 1);
}

TEST_F(FederationTest, AListThatNoMessageHoldsSaysWhatItLeavesOut) {
  const std::string few = ClientsJson(*federation_, Of(Submit(kPlan)));
  EXPECT_THAT(few, testing::Not(testing::HasSubstr("left_out")));
  for (int i = 0; i < 30'000; ++i)
    ASSERT_THAT(federation_->Enrol({fmt::format("site-{:05}", i)}, {}), IsOk());
  const auto& [id, run] = *federation_->runs().begin();
  const std::string many = ClientsJson(*federation_, *run);
  EXPECT_LE(many.size(), proto::kMaxDocument);
  const auto json = nlohmann::json::parse(many);
  EXPECT_EQ(json["clients"].back()["client"], "site-c");
  EXPECT_EQ(json["left_out"].get<size_t>() + json["clients"].size(), 30'000 + kSites.size());
}

TEST_F(FederationTest, AStartNamesWhatIsDamagedOrMissing) {
  const RunId run = Submit(kPlan);
  GoOnUntilTheFold(run);
  DoWork();
  const auto checkpoint = FileOf(Of(run).state()->checkpoint);
  GoOnUntilTheFold(run);
  const coordinator::Member* member = Of(run).state()->OpenStage()->Find(kSites[0]);
  const auto update = FileOf(member->digest);
  ASSERT_FALSE(checkpoint.empty() || update.empty());
  const auto aside = scratch_.path() / "aside";
  for (const auto& [file, what] :
       {std::pair{checkpoint, "checkpoint"}, std::pair{update, "accepted update of site-"}}) {
    const std::string said = "run " + run.value + ": " + what;
    std::filesystem::rename(file, aside);
    EXPECT_THAT(TryOpen(), Fails(Code::kNotFound, said));
    ASSERT_THAT(WriteFile(file, "not what it was"), IsOk());
    EXPECT_THAT(TryOpen(), Fails(Code::kDataLoss, said));
    std::filesystem::rename(aside, file);
  }
  Open();
  DoWork();
  EXPECT_EQ(Of(run).state()->checkpoint_round, 2);
}

TEST_F(FederationTest, ARunThatIsStoppedWhileItFoldsDoesNotMissWhatItDropped) {
  EXPECT_CALL(observer_, Halted).Times(0);
  const RunId run = Submit(kPlan);
  GoOnUntilTheFold(run);
  ASSERT_THAT(federation_->Control(run, "stop"), IsOk());
  DoWork();
  EXPECT_TRUE(IsIn<coordinator::Finished>(run));
}

TEST_F(FederationTest, ARestoreBreaksOffTheFoldOfAPrivateRunAndChargesIt) {
  EXPECT_CALL(observer_, Halted).Times(0);
  const RunId run = Submit(std::string(kPlan) + kPrivacy);
  GoOnUntilTheFold(run);
  ASSERT_THAT(states_.Put(kProject, kIncarnation, "2"), IsOk());
  Open();
  DoWork();
  ASSERT_TRUE(IsIn<coordinator::Selecting>(run));
  EXPECT_EQ(Of(run).state()->paused, Reason::kRolledBack);
  EXPECT_EQ(Of(run).state()->charged, 1);
}

TEST_F(FederationTest, AStageThatNobodyCanHaveSeenIsNotBelieved) {
  const RunId run = Submit(kPlan);
  Connect(kSites[0], {.seen = {{run, 1, 1, 1000}}});
  EXPECT_FALSE(Of(run).state()->paused);
}

TEST_F(FederationTest, AStageThatWasSeenBeforeARestorePausesTheRun) {
  const RunId run = Submit(kPlan);
  ASSERT_THAT(states_.Put(kProject, kIncarnation, "2"), IsOk());
  Open();
  Connect(kSites[0], {.seen = {{run, 1, 1, 1000}}});
  EXPECT_EQ(Of(run).state()->paused, Reason::kRolledBack);
}

// Its approval, or its hours, may have come while it was not connected, or it was set up anew.
TEST_F(FederationTest, WhoWasAwayIsCountedOnAgainWhenItConnectsAnew) {
  const RunId run = Submit(kPlan);
  GoOnUntilTheFold(run);
  federation_->OnMessage(kSites[0], proto::Progress{run, 0, "pending approval", 0, true});
  DoWork();
  ASSERT_THAT(tasks_, testing::IsEmpty()) << "one of two is away";
  federation_->Disconnected(kSites[0]);
  Connect(kSites[0]);
  EXPECT_THAT(tasks_, testing::Contains(testing::Key(kSites[0])));
}

TEST_F(FederationTest, AHaltedRunTakesNoUploadsAndBlamesNobody) {
  const RunId run = Submit(kPlan);
  GoOnUntilTheFold(run);
  ASSERT_THAT(uploads_->DiscardBefore(run, 1000), IsOk());
  DoWork();
  EXPECT_EQ(federation_->Admits(kSites[0], {run, 1, {}, 1, proto::kSafetensorsSchema}).error().code,
            Code::kUnavailable);
}

// A fold that fails because a disk does is no client's fault either, but it is still wanted.
TEST_F(FederationTest, AFoldThatLacksAnUpdateHaltsItsRun) {
  EXPECT_CALL(observer_, Halted).Times(1);
  const RunId run = Submit(kPlan);
  GoOnUntilTheFold(run);
  ASSERT_THAT(uploads_->DiscardBefore(run, 1000), IsOk());
  DoWork();
  EXPECT_NE(Of(run).halted(), "");
}

}  // namespace
}  // namespace tributary::daemon
