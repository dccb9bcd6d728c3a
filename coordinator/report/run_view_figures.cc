// What is asked of a view: sums, shares, and the round that is meant.

#include <algorithm>
#include <charconv>
#include <cmath>

#include "coordinator/core/state.h"
#include "coordinator/report/run_view.h"

namespace tributary::report {

std::optional<double> Scores::Accuracy() const {
  if (rows == 0) return std::nullopt;
  return static_cast<double>(correct) / static_cast<double>(rows);
}

std::optional<Spread> SpreadOf(std::vector<double> values, bool worst_is_low) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const auto quantile = [&](double q) {
    const double at = q * static_cast<double>(values.size() - 1);
    const auto below = static_cast<size_t>(at);
    const size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
  };
  Spread spread{values.size(), quantile(0.1), quantile(0.5), quantile(0.9), 0};
  const size_t tenth = (values.size() + 9) / 10;
  for (size_t i = 0; i < tenth; ++i)
    spread.worst += values[worst_is_low ? i : values.size() - 1 - i];
  spread.worst /= static_cast<double>(tenth);
  return spread;
}

std::optional<double> Round::ExamplesPerSecond() const {
  if (train_seconds <= 0) return std::nullopt;
  return static_cast<double>(trained_rows) / train_seconds;
}

double Round::VirtualSeconds() const {
  if (!opened || !committed) return 0;
  return static_cast<double>((*committed - *opened).count()) / 1e6;
}

std::optional<double> RunView::AccuracyOf(const Round& round) const {
  const std::optional<Scores>& scores = ScoresOf(round);
  return scores ? scores->Accuracy() : std::nullopt;
}

int64_t RunView::CommittedRounds() const {
  return std::ranges::count_if(rounds, [](const Round& r) { return r.round > 0 && r.digest; });
}

int64_t RunView::BytesUp() const {
  int64_t sum = 0;
  for (const Round& round : rounds) sum += round.bytes_up;
  return sum;
}

int64_t RunView::BytesDown() const {
  int64_t sum = 0;
  for (const Round& round : rounds) sum += round.bytes_down;
  return sum;
}

double RunView::TrainSeconds() const {
  double sum = 0;
  for (const Round& round : rounds) sum += round.train_seconds;
  return sum;
}

Result<const Round*> RunView::Find(std::string_view which) const {
  const Round* found = nullptr;
  if (which == "last") {
    for (const Round& round : rounds)
      if (round.digest) found = &round;
  } else if (which == "best") {
    const auto best = Best();
    if (!best) return MakeError(Code::kNotFound, "no round was evaluated, so none is the best");
    found = &rounds[*best];
  } else {
    int64_t number = -1;
    const auto [end, fault] = std::from_chars(which.data(), which.data() + which.size(), number);
    if (fault != std::errc() || end != which.data() + which.size())
      return InvalidArgument("--round is \"{}\", expected a number, \"last\" or \"best\"", which);
    for (const Round& round : rounds)
      if (round.round == number) found = &round;
  }
  if (found == nullptr || !found->digest)
    return MakeError(Code::kNotFound, "round {} was not committed", which);
  return found;
}

std::optional<size_t> RunView::Best() const {
  const bool by_clients =
      std::ranges::any_of(rounds, [](const Round& r) { return r.on_clients.has_value(); });
  std::optional<size_t> best;
  for (size_t i = 0; i < rounds.size(); ++i) {
    const std::optional<Scores>& found = by_clients ? rounds[i].on_clients : ScoresOf(rounds[i]);
    if (!found || found->rows == 0) continue;
    const auto score = [&](size_t at) {
      const Scores& s = by_clients ? *rounds[at].on_clients : *ScoresOf(rounds[at]);
      return coordinator::Score{{}, 0, s.rows, s.correct};
    };
    if (!best || score(i).IsBetterThan(score(*best))) best = i;
  }
  return best;
}

}  // namespace tributary::report
