#pragma once
// What a run's journal says, arranged for people: rounds, clients, and the figures of the whole. A
// pure function of configuration, facts and records, so that everything written from it can be
// written again after a crash and never disagrees. The view of a journal's beginning is the
// beginning of the view, but for the newest round.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/config/config.h"
#include "coordinator/core/record.h"
#include "coordinator/report/run_facts.h"
#include "privacy/accountant.h"

namespace tributary::report {

// An evaluation of what a round published. Counts come from the record, the rest from its metrics.
struct Scores {
  int64_t rows = 0, correct = 0;
  std::optional<double> loss, macro_f1;
  std::optional<double> Accuracy() const;  // none without rows
};

// How a number is distributed over clients; quantiles interpolate linearly.
struct Spread {
  size_t clients = 0;
  double low = 0, median = 0, high = 0;  // 10 %, 50 %, 90 %
  double worst = 0;                      // mean over the worst tenth of the clients, at least one
};
// `worst_is_low`: of an accuracy; otherwise of a loss. None without values.
std::optional<Spread> SpreadOf(std::vector<double> values, bool worst_is_low);

// A stage that was given up, and how.
struct Attempt {
  TaskKind kind = TaskKind::kTrain;
  int64_t attempt = 0;  // of this stage, from 0
  Reason reason = Reason::kPending;
  int64_t selected = 0, reported = 0;
  bool is_charged = false;
};

// A client's part in one round: of the work (training, or a statistic of the start) and of
// evaluations. Absent numbers were not recorded.
struct ClientRow {
  ClientId client;
  Reason outcome =
      Reason::kNotSelected;  // of the work's last attempt it was in; none: kNotSelected
  std::optional<int64_t> rows = {}, steps = {}, tokens = {};
  std::optional<double> loss = {}, seconds = {};  // of the work
  std::optional<Scores> evaluation = {};          // on the rows it holds
  std::optional<Duration> ended = {};             // of the work: since it was opened, run's clock
  int64_t bytes_up = 0, bytes_down = 0;           // of everything it reported
};

struct Round {
  int64_t round = 0;                       // 0 is the start
  int64_t selected = 0, reported = 0;      // of the work that was committed
  std::map<Reason, int64_t> dropped = {};  // the others, by reason
  std::optional<double> train_loss = {}, averaging_error = {};
  std::optional<Scores> on_test = {}, on_clients = {};
  int64_t bytes_up = 0, bytes_down = 0;            // of all stages, abandoned ones too
  int64_t work_bytes_up = 0, work_bytes_down = 0;  // without evaluations
  std::optional<privacy::Spent> spent = {};        // up to and with this round; private runs
  double train_seconds = 0;
  int64_t trained_rows = 0;
  std::optional<TimePoint> opened = {}, committed = {}, work_opened = {},
                           work_closed = {};  // virtual
  std::optional<Digest> digest = {};          // of the checkpoint that it published
  std::vector<Attempt> abandoned = {};
  std::vector<ClientRow> clients = {};                           // by name
  std::optional<Spread> client_accuracy = {}, client_loss = {};  // held-out rows; training

  std::optional<double> ExamplesPerSecond() const;
  double VirtualSeconds() const;  // first stage opened to last one committed
};

struct RunView {
  std::vector<Round> rounds = {};       // by number; empty before the run has started
  std::optional<Reason> finished = {};  // why, once it has
  std::optional<Reason> paused = {};
  size_t kept = 0;             // index of the round that `adapter/` is from
  bool shows_clients = false;  // loss, accuracy and F1 are over held-out rows of clients
  std::string privacy = {};    // the statement, one sentence
  // Why the same plan and clients need not give the same bytes: their programs or devices, and who
  // has which. Empty where all that counted agree, or nobody said.
  std::string mixed = {};

  // The evaluation that a row of rounds.jsonl describes.
  const std::optional<Scores>& ScoresOf(const Round& round) const {
    return shows_clients ? round.on_clients : round.on_test;
  }
  std::optional<double> AccuracyOf(const Round& round) const;
  int64_t CommittedRounds() const;  // of training
  int64_t BytesUp() const;
  int64_t BytesDown() const;
  double TrainSeconds() const;
  // "last", "best" or a number, of those that published a checkpoint.
  Result<const Round*> Find(std::string_view which) const;
  std::optional<size_t> Best()
      const;  // by held-out rows of clients where there are any, else by ScoresOf
};

// The records are a journal's, from its first record on; a journal that no coordinator could have
// written is DATA_LOSS, naming the record's number from 1.
Result<RunView> Build(const config::Config& config, const RunFacts& facts,
                      std::span<const coordinator::Record> records);

}  // namespace tributary::report
