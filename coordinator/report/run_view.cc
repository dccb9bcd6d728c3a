#include "coordinator/report/run_view.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "aggregation/strategy/method.h"
#include "coordinator/core/state.h"
#include "coordinator/report/mixture.h"
#include "coordinator/report/privacy_view.h"

namespace tributary::report {
namespace {

using coordinator::Record;
using coordinator::StageOpened;

std::optional<double> Find(const std::vector<Metric>& metrics, std::string_view name) {
  const auto it = std::ranges::find(metrics, name, &Metric::name);
  return it == metrics.end() ? std::nullopt : std::optional(it->value);
}

// Counts travel as doubles; what is no count is taken as absent.
std::optional<int64_t> FindCount(const std::vector<Metric>& metrics, std::string_view name) {
  const std::optional<double> value = Find(metrics, name);
  if (!value || !(*value >= 0 && *value < 9e18)) return std::nullopt;
  return std::llround(*value);
}

bool IsWork(TaskKind kind) { return Traits(kind).changes_checkpoint; }

// Takes the records one after another; a stage is gathered until it ends.
class Builder {
 public:
  Builder(const config::Config& config, const RunFacts& facts)
      : config_(config),
        facts_(facts),
        event_(TrainingEvent(config, static_cast<int64_t>(facts.clients.size()),
                             facts.noise_multiplier)),
        accountant_(event_ ? privacy::RelationOf(*event_) : privacy::NeighborRelation::kZeroOut) {
    const strategy::Method* method = strategy::FindMethod(config.adapter.method);
    view_.shows_clients =
        config.evaluation.on == "clients" ||
        (config.evaluation.on == "both" && method != nullptr && method->is_personal());
  }

  Status operator()(const coordinator::RunStarted&) {
    if (!view_.rounds.empty()) return Illegal("the run has started");
    view_.rounds.push_back({.digest = facts_.start_checkpoint});
    if (!event_) return {};
    RETURN_IF_ERROR(accountant_.Supports(*event_));
    return Account(view_.rounds.back());
  }

  Status operator()(const StageOpened& r) {
    if (view_.rounds.empty() || stage_) return Illegal("no stage is due");
    const int64_t newest = view_.rounds.back().round;
    if (r.round != newest && r.round != newest + 1) return Illegal("rounds follow each other");
    if (r.round != newest) {
      view_.rounds.push_back({.round = r.round, .spent = view_.rounds.back().spent});
      rows_.clear();
    }
    stage_ = Stage{r};
    for (const ClientId& client : r.cohort) stage_->outcomes[client] = Reason::kPending;
    Round& round = view_.rounds.back();
    if (!round.opened) round.opened = r.opened;
    for (const ClientId& client : r.cohort) {
      ClientRow& row = rows_.try_emplace(client, ClientRow{.client = client}).first->second;
      if (!IsWork(r.kind)) continue;
      row = {.client = client,
             .outcome = Reason::kPending,
             .bytes_up = row.bytes_up,
             .bytes_down = row.bytes_down};
    }
    return {};
  }

  Status operator()(const coordinator::ClientDescribed& r) {
    described_[r.client] = KindOf(r);
    return {};
  }

  Status operator()(const coordinator::UpdateAccepted& r) {
    ASSIGN_OR_RETURN(Reason * outcome, Outcome(r.sequence, r.client));
    *outcome = Reason::kAccepted;
    if (const auto it = described_.find(r.client); it != described_.end())
      counted_[it->second].insert(r.client);
    const int64_t up = FindCount(r.metrics, "bytes_up").value_or(0);
    const int64_t down = FindCount(r.metrics, "bytes_down").value_or(0);
    stage_->bytes_up += up;
    stage_->bytes_down += down;
    ClientRow& row = rows_.at(r.client);
    row.bytes_up += up;
    row.bytes_down += down;
    if (!IsWork(stage_->opened.kind)) return Evaluated(r, row);
    row.outcome = Reason::kAccepted;
    row.rows = FindCount(r.metrics, "rows");
    row.steps = FindCount(r.metrics, "steps");
    row.tokens = FindCount(r.metrics, "tokens");
    row.loss = Find(r.metrics, "loss");
    row.seconds = Find(r.metrics, "seconds");
    row.ended = r.at - stage_->opened.opened;
    return {};
  }

  Status operator()(const coordinator::ClientEnded& r) {
    ASSIGN_OR_RETURN(Reason * outcome, Outcome(r.sequence, r.client));
    *outcome = r.reason;
    if (IsWork(stage_->opened.kind)) rows_.at(r.client).ended = r.at - stage_->opened.opened;
    return {};
  }

  Status operator()(const coordinator::StageClosed& r) {
    if (!IsOpen(r.sequence) || stage_->closed) return Illegal("the stage is not open");
    stage_->closed = r.closed;
    for (auto& [client, outcome] : stage_->outcomes) {
      if (outcome == Reason::kPending) outcome = r.rest;
      if (IsWork(stage_->opened.kind)) rows_.at(client).outcome = outcome;
    }
    return {};
  }

  Status operator()(const coordinator::StageCommitted& r) {
    if (!IsOpen(r.sequence) || !stage_->closed) return Illegal("the stage is not closed");
    Round& round = view_.rounds.back();
    round.committed = r.committed;
    AddBytes(round, FindCount(r.metrics, "bytes_up"), FindCount(r.metrics, "bytes_down"));
    if (IsWork(stage_->opened.kind)) {
      CommitWork(round, r);
    } else {
      Judge(round, r);
    }
    RETURN_IF_ERROR(Charge(round, r.is_charged));
    return EndStage(round);
  }

  Status operator()(const coordinator::StageAbandoned& r) {
    if (!IsOpen(r.sequence) || !stage_->closed) return Illegal("the stage is not closed");
    Round& round = view_.rounds.back();
    AddBytes(round, std::nullopt, std::nullopt);
    round.abandoned.push_back({stage_->opened.kind, stage_->opened.attempt, r.reason,
                               static_cast<int64_t>(stage_->outcomes.size()), Reported(),
                               r.is_charged});
    // What was accepted for nothing did not count in the end.
    if (IsWork(stage_->opened.kind))
      for (const auto& [client, outcome] : stage_->outcomes)
        if (outcome == Reason::kAccepted) rows_.at(client).outcome = r.reason;
    RETURN_IF_ERROR(Charge(round, r.is_charged));
    return EndStage(round);
  }

  Status operator()(const coordinator::RunPaused& r) {
    view_.paused = r.reason;
    return {};
  }
  Status operator()(const coordinator::RunResumed&) {
    view_.paused.reset();
    return {};
  }
  Status operator()(const coordinator::StagesLost& r) {
    if (r.charged == 0) return {};
    if (!event_) return Illegal("a privacy event in a run without a mechanism");
    RETURN_IF_ERROR(accountant_.Compose(*event_, r.charged));
    return view_.rounds.empty() ? Status() : Account(view_.rounds.back());
  }
  Status operator()(const coordinator::RunFinished& r) {
    view_.paused.reset();
    view_.finished = r.reason;
    return {};
  }

  RunView Take() && {
    // A round of which nothing has ended yet has nothing to show.
    if (view_.rounds.size() > 1 && view_.rounds.back().clients.empty() &&
        !view_.rounds.back().committed && view_.rounds.back().abandoned.empty())
      view_.rounds.pop_back();
    for (size_t i = 0; i < view_.rounds.size(); ++i)
      if (view_.rounds[i].digest) view_.kept = i;
    if (config_.evaluation.keep == "best" && best_) view_.kept = best_index_;
    view_.mixed = MixtureText(counted_);
    view_.privacy = PrivacyStatement(
        config_, event_, view_.rounds.empty() ? std::nullopt : view_.rounds.back().spent);
    return std::move(view_);
  }

  tl::unexpected<Error> Illegal(std::string_view why) const {
    return MakeError(Code::kDataLoss, "{}", why);
  }

 private:
  struct Stage {
    StageOpened opened;
    std::optional<TimePoint> closed = {};
    std::map<ClientId, Reason> outcomes = {};
    std::vector<double> accuracies = {}, losses = {};
    int64_t bytes_up = 0, bytes_down = 0;  // as the accepted clients counted them
  };

  bool IsOpen(int64_t sequence) const { return stage_ && stage_->opened.sequence == sequence; }

  Result<Reason*> Outcome(int64_t sequence, const ClientId& client) {
    if (!IsOpen(sequence) || stage_->closed) return Illegal("the stage is not open");
    const auto it = stage_->outcomes.find(client);
    if (it == stage_->outcomes.end()) return Illegal("the client is not in the cohort");
    if (it->second != Reason::kPending) return Illegal("the client has ended");
    return &it->second;
  }

  int64_t Reported() const {
    return std::ranges::count_if(stage_->outcomes,
                                 [](const auto& o) { return o.second == Reason::kAccepted; });
  }

  Status Evaluated(const coordinator::UpdateAccepted& r, ClientRow& row) {
    const auto rows = FindCount(r.metrics, "rows"), correct = FindCount(r.metrics, "correct");
    if (!rows || !correct || *correct > *rows) return {};
    row.evaluation = Scores{*rows, *correct, Find(r.metrics, "loss"), std::nullopt};
    if (*rows > 0) stage_->accuracies.push_back(*row.evaluation->Accuracy());
    return {};
  }

  // What the commit counted, or where it did not, what the clients did.
  void AddBytes(Round& round, std::optional<int64_t> up, std::optional<int64_t> down) {
    const int64_t bytes_up = up.value_or(stage_->bytes_up),
                  bytes_down = down.value_or(stage_->bytes_down);
    round.bytes_up += bytes_up;
    round.bytes_down += bytes_down;
    if (!IsWork(stage_->opened.kind)) return;
    round.work_bytes_up += bytes_up;
    round.work_bytes_down += bytes_down;
  }

  void CommitWork(Round& round, const coordinator::StageCommitted& r) {
    round.digest = r.digest;
    round.selected = static_cast<int64_t>(stage_->outcomes.size());
    round.reported = Reported();
    round.dropped.clear();
    for (const auto& [client, outcome] : stage_->outcomes)
      if (outcome != Reason::kAccepted) ++round.dropped[outcome];
    round.work_opened = stage_->opened.opened;
    round.work_closed = stage_->closed;
    if (stage_->opened.kind != TaskKind::kTrain) return;
    round.train_loss = Find(r.metrics, "train_loss");
    round.averaging_error = Find(r.metrics, "averaging_error");
    round.train_seconds = Find(r.metrics, "train_seconds").value_or(0);
    round.trained_rows = FindCount(r.metrics, "rows").value_or(0);
    std::vector<double> losses;
    for (const auto& [client, outcome] : stage_->outcomes)
      if (const auto& loss = rows_.at(client).loss; outcome == Reason::kAccepted && loss)
        losses.push_back(*loss);
    round.client_loss = SpreadOf(std::move(losses), /*worst_is_low=*/false);
  }

  void Judge(Round& round, const coordinator::StageCommitted& r) {
    const bool on_clients = stage_->opened.kind == TaskKind::kEvaluate;
    (on_clients ? round.on_clients : round.on_test) =
        Scores{r.rows, r.correct, Find(r.metrics, "loss"), Find(r.metrics, "macro_f1")};
    if (!on_clients) return;
    round.client_accuracy = SpreadOf(stage_->accuracies, /*worst_is_low=*/true);
    const coordinator::Score score{round.digest.value_or(Digest{}), round.round, r.rows, r.correct};
    if (best_ && !score.IsBetterThan(*best_)) return;
    best_ = score;
    best_index_ = view_.rounds.size() - 1;
  }

  Status Charge(Round& round, bool is_charged) {
    if (!is_charged) return {};
    if (!event_) return Illegal("a privacy event in a run without a mechanism");
    RETURN_IF_ERROR(accountant_.Compose(*event_, 1));
    return Account(round);
  }
  Status Account(Round& round) {
    ASSIGN_OR_RETURN(round.spent, accountant_.Epsilon(config_.privacy.delta));
    return {};
  }

  Status EndStage(Round& round) {
    stage_.reset();
    round.clients.clear();
    for (const auto& [client, row] : rows_) round.clients.push_back(row);
    return {};
  }

  const config::Config& config_;
  const RunFacts& facts_;
  std::optional<privacy::PrivacyEvent> event_;
  privacy::RdpAccountant accountant_;
  std::map<ClientId, std::string> described_;  // arithmetic and device
  Kinds counted_;                              // the same of what counted
  RunView view_;
  std::optional<Stage> stage_;
  std::map<ClientId, ClientRow> rows_;  // of the newest round
  std::optional<coordinator::Score> best_;
  size_t best_index_ = 0;
};

}  // namespace

Result<RunView> Build(const config::Config& config, const RunFacts& facts,
                      std::span<const Record> records) {
  Builder builder(config, facts);
  for (size_t i = 0; i < records.size(); ++i)
    if (Status status = std::visit(builder, records[i]); !status)
      return Annotate(std::move(status).error(), fmt::format("journal record {}", i + 1));
  return std::move(builder).Take();
}

}  // namespace tributary::report
