#include "coordinator/command/progress.h"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/units.h"
#include "coordinator/command/view_parts.h"
#include "coordinator/report/files.h"

namespace tributary {
namespace {

using coordinator::StageOpened;

class TextProgress : public RunProgress {
 public:
  TextProgress() : terminal_(isatty(STDOUT_FILENO) == 1) {}

  void OnLoaded(const simulation::Environment& e, const std::string& device) override {
    rounds_ = e.config.federation.rounds;
    plan_ = e.plan;
    fmt::print(
        "{}: {} with {} on {}; {} clients, {} training rows, {} labels; {} targets at rank {}\n",
        e.config.model.name, e.config.adapter.method, e.config.training.optimizer, device,
        e.clients.size(), e.train.rows(), e.config.model.labels.size(), e.adapter.targets.size(),
        e.config.adapter.rank);
    fmt::print("privacy: {}\n", e.privacy_statement);
    std::fflush(stdout);
    began_ = std::chrono::steady_clock::now();
  }

  void OnStage(const StageOpened& stage) override {
    if (stage.round > 0 && first_round_ < 0)
      first_round_ = stage.round, first_round_began_ = std::chrono::steady_clock::now();
    ShowStage(stage, 0, 0);
  }
  void OnClient(const StageOpened& stage, int64_t accepted, int64_t ended) override {
    ShowStage(stage, accepted, ended);
  }

  void OnAbandoned(const StageOpened& stage, Reason reason, const std::string& why) override {
    Clear();
    fmt::print("round {:>3}  {} abandoned: {}{}{}\n", stage.round, StageWords(stage.kind),
               Name(reason), why.empty() ? "" : "; last fault: ", why);
    std::fflush(stdout);
  }

  void OnCommitted(const StageOpened& stage, const report::RunView& view) override {
    const report::Round& round = view.rounds.back();
    Clear();
    const auto accuracy = view.AccuracyOf(round);
    if (stage.kind == TaskKind::kTrain) {
      line_ = fmt::format("round {:>3}/{}  {:>3} of {:>3} clients  loss {}", stage.round, rounds_,
                          round.reported, round.selected, Number(round.train_loss, 4));
      if (round.averaging_error)
        line_ += fmt::format("  averaging error {:.2e}", *round.averaging_error);
    } else if (Traits(stage.kind).is_start_statistic) {
      fmt::print("start      {} from {} clients\n", StageWords(stage.kind), round.reported);
    }
    if (stage.kind == plan_.TasksOfRound(stage.round).back() &&
        !Traits(stage.kind).is_start_statistic) {
      fmt::print("{}", stage.round == 0 ? "start    " : line_);
      if (accuracy) fmt::print("  accuracy {:.4f}", *accuracy);
      fmt::print("{}\n", TimeLeft(stage.round));
    }
    std::fflush(stdout);
  }

  void OnEnd(const simulation::SimulateResult& result, const std::string& directory) override {
    Clear();
    if (result.ending == simulation::Ending::kInterrupted) {
      fmt::print(stderr,
                 "interrupted; what there is was written to {}\ngo on with: tributary simulate "
                 "--resume {}\n",
                 directory, directory);
      return;
    }
    if (result.ending == simulation::Ending::kPaused)
      fmt::print(stderr, "paused{}{}: {}\ngo on with: tributary simulate --resume {}\n",
                 result.view.paused ? ", reason " : "",
                 result.view.paused ? Name(*result.view.paused) : "",
                 result.why_paused.empty() ? "see rounds.jsonl" : result.why_paused, directory);
    const report::RunView& view = result.view;
    if (view.rounds.empty()) return;
    const auto start = view.AccuracyOf(view.rounds.front()),
               end = view.AccuracyOf(view.rounds.at(view.kept));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
    fmt::print("{} rounds in {}", view.CommittedRounds(),
               FormatDuration(Duration(std::llround(took.count() * 1e6))));
    if (start && end) fmt::print("; accuracy {:.4f} at the start, {:.4f} at the end", *start, *end);
    fmt::print("; {} up, {} down\n", FormatSize(view.BytesUp()), FormatSize(view.BytesDown()));
    fmt::print("{}\nadapter: {}/adapter\nreport:  {}/report.html\n", view.privacy, directory,
               directory);
  }

 private:
  static std::string Number(const std::optional<double>& value, int digits) {
    return value ? fmt::format("{:.{}f}", *value, digits) : "-";
  }

  std::string TimeLeft(int64_t round) const {
    if (first_round_ < 0 || round < first_round_ || round >= rounds_) return "";
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - first_round_began_;
    const double left = took.count() / static_cast<double>(round - first_round_ + 1) *
                        static_cast<double>(rounds_ - round);
    return fmt::format("  {} left", FormatDuration(Duration(std::llround(left * 1e6))));
  }
  void ShowStage(const StageOpened& stage, int64_t accepted, int64_t ended) {
    if (!terminal_) return;
    const auto cohort = static_cast<int64_t>(stage.cohort.size());
    fmt::print("\r\033[Kround {:>3}/{}  {} {} {}/{}", stage.round, rounds_, StageWords(stage.kind),
               Bar(ended, cohort), accepted, cohort);
    std::fflush(stdout);
  }
  void Clear() const {
    if (terminal_) fmt::print("\r\033[K");
  }

  const bool terminal_;
  int64_t rounds_ = 0, first_round_ = -1;
  coordinator::RunPlan plan_;
  std::string line_;  // of the round, as far as it is known
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now(),
                                        first_round_began_;
};

class JsonProgress : public RunProgress {
 public:
  void OnLoaded(const simulation::Environment& e, const std::string& device) override {
    Print({{"event", "loaded"},
           {"method", e.config.adapter.method},
           {"device", device},
           {"clients", e.clients.size()},
           {"train_rows", e.train.rows()},
           {"test_rows", e.test.rows()},
           {"labels", e.config.model.labels.size()}});
  }
  void OnStage(const StageOpened& stage) override {
    Print({{"event", "stage_opened"},
           {"round", stage.round},
           {"task", Name(stage.kind)},
           {"attempt", stage.attempt},
           {"cohort", stage.cohort.size()}});
  }
  void OnClient(const StageOpened&, int64_t, int64_t) override {}
  void OnAbandoned(const StageOpened& stage, Reason reason, const std::string& why) override {
    Print({{"event", "stage_abandoned"},
           {"round", stage.round},
           {"task", Name(stage.kind)},
           {"reason", Name(reason)},
           {"last_fault", why}});
  }
  void OnCommitted(const StageOpened& stage, const report::RunView& view) override {
    const report::Round& round = view.rounds.back();
    nlohmann::ordered_json json = {{"event", "stage_committed"},
                                   {"round", stage.round},
                                   {"task", Name(stage.kind)},
                                   {"reported", round.reported}};
    const auto add = [&](const char* name, const std::optional<double>& value) {
      json[name] = value ? nlohmann::ordered_json(*value) : nullptr;
    };
    add("train_loss", round.train_loss);
    add("averaging_error", round.averaging_error);
    add("accuracy", view.AccuracyOf(round));
    Print(std::move(json));
  }
  void OnEnd(const simulation::SimulateResult& result, const std::string& directory) override {
    static constexpr std::string_view kEndings[] = {"finished", "paused", "interrupted"};
    Print({{"event", "ended"},
           {"ending", kEndings[static_cast<size_t>(result.ending)]},
           {"rounds", result.view.CommittedRounds()},
           {"directory", directory}});
  }

 private:
  static void Print(nlohmann::ordered_json json) {
    json["schema"] = 1;
    fmt::print("{}\n", DumpJson(json));
    std::fflush(stdout);
  }
};

}  // namespace

std::unique_ptr<RunProgress> MakeProgress(bool json) {
  if (json) return std::make_unique<JsonProgress>();
  return std::make_unique<TextProgress>();
}

}  // namespace tributary
