#pragma once
// A coordinator on a stage: events go in, and the transcript shows the records ("+") and commands
// (">") that come out. Digests made by D are written by their name.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "coordinator/core/coordinator.h"
#include "coordinator/core/text.h"

namespace tributary::coordinator {

inline std::map<std::string, std::string>& DigestNames() {
  static std::map<std::string, std::string> names;
  return names;
}

inline Digest D(const std::string& name) {
  const Digest digest = Sha256(name);
  DigestNames()[digest.Hex()] = name;
  return digest;
}

inline std::vector<ClientId> Names(const std::string& letters) {
  std::vector<ClientId> names;
  for (char c : letters) names.push_back({std::string(1, c)});
  return names;
}

inline TimePoint At(int64_t seconds) { return TimePoint{std::chrono::seconds(seconds)}; }

// Two clients of those there, every figure small: what a test sets is what it is about.
inline RunPlan SmallPlan() {
  RunPlan plan;
  plan.digest = D("plan");
  plan.start_checkpoint = D("start");
  plan.cohort = 2;
  plan.minimum = 2;
  plan.max_weight = 100;
  plan.deadline = std::chrono::seconds(60);
  plan.grace = std::chrono::seconds(10);
  plan.backoff = std::chrono::seconds(5);
  plan.max_attempts = 3;
  return plan;
}

class Play {
 public:
  explicit Play(RunPlan plan) : plan_(std::move(plan)) { Recover(records_.size()); }

  Play& At(int64_t seconds) {
    now_ = coordinator::At(seconds);
    return *this;
  }
  Play& Start(const std::string& letters) {
    Connect(letters);
    return Do(OperatorRequest{OperatorRequest::Kind::kStart});
  }
  Play& Connect(const std::string& letters) {
    return Do(PopulationChanged{PopulationChanged::Kind::kConnected, Names(letters)});
  }
  Play& Disconnect(const std::string& letters) {
    return Do(PopulationChanged{PopulationChanged::Kind::kDisconnected, Names(letters)});
  }
  Play& Offer(const std::string& client, const std::string& digest, int64_t weight = 1) {
    return Do(UpdateOffered{{client}, sequence(), D(digest), weight, {}});
  }
  // All of the open stage's members that have not ended.
  Play& OfferAll() {
    const Stage stage = *core_->state().OpenStage();
    for (const Member& member : stage.members) {
      if (member.outcome == Reason::kPending) Offer(member.client.value, "u" + member.client.value);
    }
    return *this;
  }
  Play& Aggregate(const std::string& digest, int64_t rows = 0, int64_t correct = 0) {
    return Do(AggregateFinished{sequence(), D(digest), rows, correct, {}});
  }
  Play& Wake() { return Do(DeadlineReached{}); }

  Play& Do(const Event& event) {
    const Status status = core_->Step(now_, event);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return Take();
  }

  // The process dies and comes back with the first `kept` records.
  Play& Recover(size_t kept) {
    records_.resize(std::min(kept, records_.size()));
    auto core = Coordinator::Recover(plan_, records_, now_);
    EXPECT_TRUE(core.has_value()) << core.error().message;
    core_.emplace(*std::move(core));
    return Take();
  }

  // What came out since the last call.
  std::string Transcript() {
    std::string text = std::exchange(transcript_, {});
    for (const auto& [hex, name] : DigestNames()) {
      for (size_t at; (at = text.find(hex)) != std::string::npos;) text.replace(at, 64, name);
    }
    const std::string none(64, '0');
    for (size_t at; (at = text.find(none)) != std::string::npos;) text.replace(at, 64, "none");
    return text;
  }

  const Coordinator& core() const { return *core_; }
  const State& state() const { return core_->state(); }
  const std::vector<Record>& records() const { return records_; }
  const std::vector<Command>& commands() const { return commands_; }
  int64_t sequence() const { return core_->state().sequence; }

 private:
  Play& Take() {
    for (Ready ready = core_->TakeReady(); !ready.empty(); ready = core_->TakeReady()) {
      for (Record& record : ready.records) {
        transcript_ += "+ " + ToText(record) + "\n";
        records_.push_back(std::move(record));
      }
      for (Command& command : ready.commands) {
        transcript_ += "> " + ToText(command) + "\n";
        commands_.push_back(std::move(command));
      }
    }
    return *this;
  }

  RunPlan plan_;
  TimePoint now_;
  std::optional<Coordinator> core_;
  std::vector<Record> records_;
  std::vector<Command> commands_;
  std::string transcript_;
};

}  // namespace tributary::coordinator
