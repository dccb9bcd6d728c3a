#include "tests/coordinator/simulation/checker.h"

#include <cmath>

#include "coordinator/core/text.h"

namespace tributary::simulation {

void Checker::OnEvent(TimePoint now, const coordinator::Event& event) {
  Note(now, coordinator::ToText(event));
}

void Checker::OnReady(TimePoint now, const coordinator::Ready& ready) {
  CatchUp();
  for (const auto& record : ready.records) Note(now, coordinator::ToText(record));
  for (const auto& command : ready.commands) {
    Note(now, coordinator::ToText(command));
    CheckCommand(command);
  }
}

void Checker::OnStep(TimePoint, const coordinator::Coordinator& core) {
  ++steps_;
  CatchUp();
  Expect(replayed_ == core.state(), "replay of the records differs from the live state");
  Expect(core.state().charged == charged_, "the privacy events are not those of the journal");
  if (plan_.privacy) Expect(charged_ <= plan_.privacy->max_charged, "the budget is overspent");
}

void Checker::OnRecovered(TimePoint now, const coordinator::Coordinator& core) {
  Note(now, "recovered");
  ++recoveries_;
  CatchUp();
  Expect(core.state().sequence >= replayed_.sequence, "recovery went back behind the journal");
  Expect(core.state().charged >= charged_, "recovery lost a privacy event");
}

void Checker::OnClientRecovered(TimePoint now, const ClientId& client, const client::TaskInHand&) {
  Note(now, "recovered " + client.value);
  ++client_recoveries_;
}

void Checker::OnPartition(TimePoint now, const std::set<ClientId>& cut) {
  Note(now, fmt::format("parted from {}", cut.size()));
  ++partitions_;
}

void Checker::Expect(bool holds, std::string_view what) {
  if (!holds && faults_.size() < 10) faults_.push_back(std::string(what));
}

void Checker::Note(TimePoint now, std::string_view line) {
  hasher_.Update(fmt::format("{} {}\n", now.since_epoch.count(), line));
}

// Applies what became durable since, and keeps books that do not trust State.
void Checker::CatchUp() {
  for (; read_ < journal_.size(); ++read_) {
    const auto record = coordinator::RecordFromText(journal_[read_]);
    if (!record.has_value()) return Expect(false, record.error().message);
    Expect(replayed_.Apply(plan_, *record).has_value(), "a durable record cannot be applied");
    Book(*record);
  }
}

void Checker::Book(const coordinator::Record& record) {
  if (const auto* opened = std::get_if<coordinator::StageOpened>(&record)) {
    Expect(opened->round >= round_, "a round was opened after a later one was committed");
    Expect(opened->sequence > stage_.sequence, "a sequence number was given twice");
    stage_ = *opened;
    accepted_.clear();
    is_closed_ = false;
    minimum_ = Traits(opened->kind).is_designated ? 1 : plan_.minimum;
    cohort_ = {opened->cohort.begin(), opened->cohort.end()};
  } else if (const auto* update = std::get_if<coordinator::UpdateAccepted>(&record)) {
    Expect(!is_closed_, "an update was accepted after the set was final");
    Expect(cohort_.contains(update->client), "an update was accepted from outside the cohort");
    accepted_.emplace(update->client, *update);
    const bool is_new = ever_accepted_.emplace(update->sequence, update->client).second;
    Expect(is_new, "an update was counted twice");
  } else if (std::holds_alternative<coordinator::StageClosed>(record)) {
    is_closed_ = true;
  } else if (const auto* committed = std::get_if<coordinator::StageCommitted>(&record)) {
    ++commits_;
    BookEnd(committed->is_charged);
    CheckFolded(folds_[committed->sequence]);
    Expect(is_closed_, "a commit before the accepted set was final");
    Expect(static_cast<int64_t>(accepted_.size()) >= minimum_, "a commit below the minimum");
    if (stage_.kind == TaskKind::kTrain) {
      Expect(stage_.round == ++trained_, "the committed rounds are not 1, 2, 3, ...");
    }
    if (Traits(stage_.kind).changes_checkpoint) committed_.insert(committed->digest);
    round_ = stage_.round;
  } else if (const auto* abandoned = std::get_if<coordinator::StageAbandoned>(&record)) {
    ++abandoned_;
    BookEnd(abandoned->is_charged);
  }
}

// Each training stage of a private run is charged once, by the record that ends it.
void Checker::BookEnd(bool is_charged) {
  const bool is_due = plan_.privacy && stage_.kind == TaskKind::kTrain;
  Expect(is_charged == is_due, "a stage ended with a privacy event too many or too few");
  if (is_due) ++charged_;
}

void Checker::CheckCommand(const coordinator::Command& command) {
  using namespace coordinator;  // NOLINT: the commands
  if (const auto* fold = std::get_if<FinishAggregate>(&command)) {
    CheckFold(*fold);
  } else if (const auto* send = std::get_if<SendTask>(&command)) {
    Expect(!ever_accepted_.contains({send->task.sequence, send->client}),
           "an update that was accepted is asked for again");
  } else if (const auto* acknowledge = std::get_if<Acknowledge>(&command)) {
    Expect(ever_accepted_.contains({acknowledge->sequence, acknowledge->client}),
           "an update was acknowledged that is not durable");
  } else if (const auto* publish = std::get_if<PublishCheckpoint>(&command)) {
    Expect(publish->digest == plan_.start_checkpoint || committed_.contains(publish->digest),
           "a checkpoint was published before it was durable");
  }
}

// A fold visits its updates by name, with weights that sum to one; asked for again after a crash it
// is the same. That it is the durable set is checked at the commit.
void Checker::CheckFold(const coordinator::FinishAggregate& fold) {
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

void Checker::CheckFolded(const std::vector<coordinator::AcceptedUpdate>& updates) {
  Expect(updates.size() == accepted_.size(), "a fold is not of the durably accepted set");
  for (const auto& update : updates) {
    const auto it = accepted_.find(update.client);
    Expect(it != accepted_.end() && it->second.digest == update.digest &&
               it->second.weight == update.weight,
           "a folded update was not durably accepted");
  }
}

}  // namespace tributary::simulation
