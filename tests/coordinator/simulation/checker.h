#pragma once
// An independent witness of a simulated run: it sees every event, record and command, keeps its
// own books, and says what does not hold.

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "aggregation/base/digest.h"
#include "coordinator/core/text.h"
#include "coordinator/simulation/engine.h"
#include "coordinator/simulation/synthetic.h"

namespace tributary::simulation {

class Checker : public Observer {
 public:
  Checker(coordinator::RunPlan plan, const SyntheticFederation& federation)
      : plan_(std::move(plan)), federation_(federation) {}

  void OnEvent(TimePoint now, const coordinator::Event& event) override {
    Note(now, coordinator::ToText(event));
  }

  void OnReady(TimePoint now, const coordinator::Ready& ready) override {
    for (const auto& record : ready.records) Note(now, coordinator::ToText(record));
    for (const auto& command : ready.commands) {
      Note(now, coordinator::ToText(command));
      if (const auto* fold = std::get_if<coordinator::FinishAggregate>(&command)) CheckFold(*fold);
    }
  }

  void OnStep(TimePoint, const coordinator::Coordinator& core) override {
    ++steps_;
    CatchUp();
    Expect(replayed_ == core.state(), "replay of the records differs from the live state");
    Expect(core.state().charged >= charged_, "a privacy event was taken back");
    charged_ = core.state().charged;
    if (plan_.privacy) Expect(charged_ <= plan_.privacy->max_charged, "the budget is overspent");
  }

  void OnRecovered(TimePoint now, const coordinator::Coordinator& core) override {
    Note(now, "recovered");
    ++recoveries_;
    CatchUp();
    Expect(core.state().sequence >= replayed_.sequence, "recovery went back behind the journal");
    Expect(core.state().charged >= charged_, "recovery took a privacy event back");
  }

  void OnTaskEnd(const TaskReport& report) override { ++outcomes_[report.reason]; }

  std::string Hash() { return hasher_.Finish().Hex(); }
  const std::vector<std::string>& faults() const { return faults_; }
  int64_t steps() const { return steps_; }
  int64_t recoveries() const { return recoveries_; }
  int64_t commits() const { return commits_; }
  int64_t abandoned() const { return abandoned_; }
  int64_t charged() const { return charged_; }
  const std::map<Reason, int64_t>& outcomes() const { return outcomes_; }

 private:
  void Expect(bool holds, std::string_view what) {
    if (!holds && faults_.size() < 10) faults_.push_back(std::string(what));
  }

  void Note(TimePoint now, std::string_view line) {
    hasher_.Update(fmt::format("{} {}\n", now.since_epoch.count(), line));
  }

  // Applies what became durable since, and keeps books that do not trust State.
  void CatchUp() {
    for (; read_ < federation_.journal().size(); ++read_) {
      const auto record = coordinator::RecordFromText(federation_.journal()[read_]);
      if (!record.has_value()) return Expect(false, record.error().message);
      Expect(replayed_.Apply(plan_, *record).has_value(), "a durable record cannot be applied");
      Book(*record);
    }
  }

  void Book(const coordinator::Record& record) {
    if (const auto* opened = std::get_if<coordinator::StageOpened>(&record)) {
      accepted_.clear();
      is_closed_ = false;
      minimum_ = Traits(opened->kind).is_designated ? 1 : plan_.minimum;
      cohort_ = {opened->cohort.begin(), opened->cohort.end()};
    } else if (const auto* update = std::get_if<coordinator::UpdateAccepted>(&record)) {
      Expect(!is_closed_, "an update was accepted after the set was final");
      Expect(cohort_.contains(update->client), "an update was accepted from outside the cohort");
      const bool is_new = accepted_.emplace(update->client, *update).second;
      Expect(is_new, "an update was counted twice");
    } else if (std::holds_alternative<coordinator::StageClosed>(record)) {
      is_closed_ = true;
    } else if (const auto* committed = std::get_if<coordinator::StageCommitted>(&record)) {
      ++commits_;
      CheckFolded(folds_[committed->sequence]);
      Expect(is_closed_, "a commit before the accepted set was final");
      Expect(static_cast<int64_t>(accepted_.size()) >= minimum_, "a commit below the minimum");
    } else if (std::holds_alternative<coordinator::StageAbandoned>(record)) {
      ++abandoned_;
    }
  }

  // A fold visits its updates by name, with weights that sum to one; asked for again after a
  // crash it is the same. That it is the durable set is checked at the commit.
  void CheckFold(const coordinator::FinishAggregate& fold) {
    double total = 0, shares = 0;
    for (const auto& update : fold.updates) total += static_cast<double>(update.weight);
    for (size_t i = 0; i < fold.updates.size(); ++i) {
      const auto& update = fold.updates[i];
      shares += static_cast<double>(update.weight) / total;
      Expect(i == 0 || fold.updates[i - 1].client < update.client, "a fold is not in name order");
      Expect(update.weight <= plan_.max_weight, "a weight is above its cap");
    }
    Expect(fold.updates.empty() || std::abs(shares - 1) < 1e-12, "weights do not sum to one");
    const auto [it, is_first] = folds_.emplace(fold.task.sequence, fold.updates);
    Expect(it->second == fold.updates, "a repeated fold has another accepted set");
  }

  void CheckFolded(const std::vector<coordinator::AcceptedUpdate>& updates) {
    Expect(updates.size() == accepted_.size(), "a fold is not of the durably accepted set");
    for (const auto& update : updates) {
      const auto it = accepted_.find(update.client);
      Expect(it != accepted_.end() && it->second.digest == update.digest &&
                 it->second.weight == update.weight,
             "a folded update was not durably accepted");
    }
  }

  coordinator::RunPlan plan_;
  const SyntheticFederation& federation_;
  Hasher hasher_;
  coordinator::State replayed_;
  size_t read_ = 0;
  std::map<ClientId, coordinator::UpdateAccepted> accepted_;
  std::set<ClientId> cohort_;
  bool is_closed_ = false;
  int64_t minimum_ = 0, charged_ = 0, steps_ = 0, recoveries_ = 0, commits_ = 0, abandoned_ = 0;
  std::map<int64_t, std::vector<coordinator::AcceptedUpdate>> folds_;
  std::map<Reason, int64_t> outcomes_;
  std::vector<std::string> faults_;
};

}  // namespace tributary::simulation
