#include "coordinator/core/run_plan.h"

#include <cmath>

namespace tributary::coordinator {
namespace {

class FaultList {
 public:
  template <typename... Args>
  void Unless(bool holds, fmt::format_string<Args...> format, Args&&... args) {
    if (!holds) faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  std::vector<std::string> Take() && { return std::move(faults_); }

 private:
  std::vector<std::string> faults_;
};

void CheckCohort(const RunPlan& p, FaultList& f) {
  f.Unless(p.rounds >= 1 && p.rounds <= kMaxRounds, "rounds: {}, expected 1 to {}", p.rounds,
           kMaxRounds);
  f.Unless(!p.cohort || (*p.cohort >= 1 && *p.cohort <= kMaxPopulation),
           "cohort: {}, expected 1 to {}", p.cohort.value_or(0), kMaxPopulation);
  const double rate = p.sampling_rate.value_or(1.0);
  f.Unless(rate > 0 && rate <= 1, "sampling_rate: {}, expected above 0 and at most 1", rate);
  f.Unless(!(p.cohort && p.sampling_rate),
           "sampling: poisson draws by sampling_rate, so cohort: {} must not be set",
           p.cohort.value_or(0));
  f.Unless(p.over_selection >= 1 && p.over_selection <= 10, "over_selection: {}, expected 1 to 10",
           p.over_selection);
  f.Unless(p.over_selection == 1 || p.cohort.has_value(),
           "over_selection: {}, expected 1 where the cohort has no fixed size", p.over_selection);
  const int64_t least = p.privacy && p.sampling_rate ? 0 : 1;
  f.Unless(p.minimum >= least, "minimum: {}, expected at least {}", p.minimum, least);
  f.Unless(!p.cohort || p.minimum <= *p.cohort, "minimum: {}, expected at most the cohort ({})",
           p.minimum, p.cohort.value_or(0));
  f.Unless(p.max_weight >= 1 && p.max_weight <= kMaxWeight, "max_weight: {}, expected 1 to {}",
           p.max_weight, kMaxWeight);
}

void CheckTimes(const RunPlan& p, FaultList& f) {
  const Duration zero{0};
  f.Unless(p.deadline > zero, "deadline: {} us, expected above 0", p.deadline.count());
  f.Unless(p.grace >= zero, "grace: {} us, expected 0 or more", p.grace.count());
  f.Unless(p.max_attempts >= 1, "max_attempts: {}, expected at least 1", p.max_attempts);
  f.Unless(p.backoff >= zero && p.max_backoff >= p.backoff,
           "backoff: {} us up to {} us, expected 0 or more and not falling", p.backoff.count(),
           p.max_backoff.count());
}

void CheckEvaluation(const RunPlan& p, FaultList& f) {
  bool needs_designated = p.evaluate_public;
  for (TaskKind kind : p.start) {
    f.Unless(Traits(kind).is_start_statistic, "start: {}, expected a statistic", Name(kind));
    needs_designated = needs_designated || Traits(kind).is_designated;
  }
  f.Unless(!needs_designated || p.designated,
           "designated: missing, expected the client that holds public data");
  f.Unless(p.evaluate_every >= 1, "evaluate_every: {}, expected at least 1", p.evaluate_every);
  f.Unless(p.patience >= 0, "patience: {}, expected 0 or more", p.patience);
  f.Unless(!p.keep_best || p.evaluate_clients,
           "keep_best: set, expected evaluation on clients, which alone may select");
  f.Unless(p.patience <= 0 || p.evaluate_clients,
           "patience: {}, expected evaluation on clients, which alone may stop a run", p.patience);
}

void CheckPrivacy(const RunPlan& p, FaultList& f) {
  if (!p.privacy) return;
  f.Unless(std::isfinite(p.privacy->noise_multiplier) && p.privacy->noise_multiplier > 0,
           "noise_multiplier: {}, expected above 0", p.privacy->noise_multiplier);
  f.Unless(p.privacy->max_charged >= 1,
           "max_charged: {}, expected at least 1: the budget does not cover one round",
           p.privacy->max_charged);
  f.Unless(p.max_weight == 1, "max_weight: {}, expected 1 in a private run", p.max_weight);
  f.Unless(p.over_selection == 1,
           "over_selection: {}, expected 1 in a private run: keeping the "
           "fastest is not uniform sampling",
           p.over_selection);
  f.Unless(!p.evaluate_clients, "evaluate_clients: set, no mechanism covers it in a private run");
  for (TaskKind kind : p.start) {
    f.Unless(Traits(kind).is_designated, "start: {}, no mechanism covers it in a private run",
             Name(kind));
  }
}

}  // namespace

std::vector<std::string> RunPlan::Faults() const {
  FaultList faults;
  CheckCohort(*this, faults);
  CheckTimes(*this, faults);
  CheckEvaluation(*this, faults);
  CheckPrivacy(*this, faults);
  return std::move(faults).Take();
}

std::vector<TaskKind> RunPlan::TasksOfRound(int64_t round) const {
  std::vector<TaskKind> tasks = round == 0 ? start : std::vector<TaskKind>{TaskKind::kTrain};
  if (round % evaluate_every != 0 && round != rounds) return tasks;
  // Held-out rows come last: they may end the run, and the other figures are wanted all the same.
  if (evaluate_public) tasks.push_back(TaskKind::kPublicEvaluate);
  if (evaluate_clients) tasks.push_back(TaskKind::kEvaluate);
  return tasks;
}

}  // namespace tributary::coordinator
