#include "tests/coordinator/report/sample_run.h"

#include <algorithm>
#include <cmath>

#include "aggregation/base/random.h"
#include "aggregation/strategy/method.h"
#include "coordinator/config/render.h"

namespace tributary::report {
namespace {

using namespace coordinator;

class Writer {
 public:
  Writer(const SampleOptions& options, SampleRun& run)
      : o_(options), run_(run), random_(options.seed, "sample") {}

  void Write() {
    Add(RunStarted{run_.plan.digest});
    for (int64_t round = 0; round <= o_.rounds; ++round)
      for (TaskKind kind : run_.plan.TasksOfRound(round)) {
        if (round > 0 && round == o_.abandoned_round && kind == TaskKind::kTrain) Abandon(round);
        Commit(round, kind);
      }
    Add(RunFinished{Reason::kComplete});
  }

 private:
  void Add(Record record) { run_.records.push_back(std::move(record)); }
  double Uniform(double low, double high) { return low + (high - low) * random_.Uniform(); }

  std::vector<ClientId> Cohort(TaskKind kind) {
    if (Traits(kind).is_designated) return {*run_.plan.designated};
    std::vector<ClientId> names;
    for (const ClientFacts& client : run_.facts.clients) names.push_back(client.name);
    if (kind != TaskKind::kTrain) return names;
    for (size_t i = 0; i < names.size(); ++i) {
      const size_t other = i + random_.Below(names.size() - i);
      std::swap(names[i], names[other]);
    }
    names.resize(static_cast<size_t>(o_.cohort));
    std::ranges::sort(names);
    return names;
  }

  StageOpened Open(int64_t round, TaskKind kind, int64_t attempt) {
    StageOpened opened;
    opened.sequence = ++sequence_;
    opened.round = round;
    opened.kind = kind;
    opened.attempt = attempt;
    opened.opened = now_;
    opened.deadline = now_ + std::chrono::minutes(30);
    opened.cohort = Cohort(kind);
    opened.target = static_cast<int64_t>(opened.cohort.size());
    opened.minimum = 1;
    Add(opened);
    return opened;
  }

  void Abandon(int64_t round) {
    const StageOpened opened = Open(round, TaskKind::kTrain, 0);
    Add(ClientEnded{opened.sequence, opened.cohort.front(), Reason::kNonFinite, now_});
    Accept(opened, opened.cohort.back(), 0.5);
    now_ = opened.deadline;
    Add(StageClosed{opened.sequence, now_, Reason::kDeadline});
    Add(StageAbandoned{opened.sequence, Reason::kAggregateFailed, now_ + std::chrono::seconds(5),
                       o_.is_private});
    now_ = now_ + std::chrono::seconds(5);
    attempt_ = 1;
  }

  // Returns the seconds that the client took.
  double Accept(const StageOpened& opened, const ClientId& client, double progress) {
    const ClientFacts* facts = run_.facts.Find(client);
    const int64_t rows = facts == nullptr                     ? run_.facts.test_rows
                         : opened.kind == TaskKind::kEvaluate ? facts->held_out
                                                              : facts->rows;
    const double seconds =
        1.5 + static_cast<double>(std::min<int64_t>(rows, 64)) * Uniform(0.08, 0.4);
    UpdateAccepted r{opened.sequence,
                     client,
                     Sha256(fmt::format("{} {}", opened.sequence, client.value)),
                     1,
                     {},
                     now_ + Duration(std::llround(seconds * 1e6))};
    if (o_.has_metrics) {
      r.metrics = {{"bytes_up", 210e3}, {"bytes_down", opened.round == 0 ? 41e3 : 330e3}};
      if (!o_.is_private) r.metrics.push_back({"rows", static_cast<double>(rows)});
    }
    if (o_.has_metrics && !o_.is_private && opened.kind == TaskKind::kEvaluate) {
      const double skill = std::clamp(0.58 + 0.1 * progress + Uniform(-0.3, 0.25), 0.0, 1.0);
      const double correct = std::floor(skill * static_cast<double>(rows));
      rows_ += rows;
      correct_ += static_cast<int64_t>(correct);
      r.metrics.push_back({"correct", correct});
      r.metrics.push_back({"loss", 1.5 - 0.3 * progress});
    } else if (o_.has_metrics && !o_.is_private) {
      r.metrics.push_back({"steps", 4});
      r.metrics.push_back({"tokens", static_cast<double>(rows) * 12});
      r.metrics.push_back({"loss", 1.35 - 0.45 * progress + Uniform(-0.4, 0.5)});
      r.metrics.push_back({"seconds", seconds});
    }
    Add(std::move(r));
    return seconds;
  }

  void Commit(int64_t round, TaskKind kind) {
    const StageOpened opened = Open(round, kind, std::exchange(attempt_, 0));
    const double progress =
        1 - std::exp(-3.0 * static_cast<double>(round) / static_cast<double>(o_.rounds));
    double longest = 0;
    rows_ = correct_ = 0;
    int64_t accepted = 0;
    bool leaves_one_pending = false;
    for (size_t i = 0; i < opened.cohort.size(); ++i) {
      const bool drops = kind == TaskKind::kTrain && i > 0 && random_.Uniform() < o_.dropout;
      if (drops && !leaves_one_pending) {
        leaves_one_pending = true;
      } else if (drops) {
        Add(ClientEnded{opened.sequence, opened.cohort[i], Reason::kDroppedOut,
                        now_ + std::chrono::seconds(1)});
      } else {
        longest = std::max(longest, Accept(opened, opened.cohort[i], progress));
        ++accepted;
      }
    }
    now_ = now_ + Duration(std::llround(longest * 1.1e6));
    Add(StageClosed{opened.sequence, now_, Reason::kDeadline});
    now_ = now_ + std::chrono::milliseconds(300);
    StageCommitted r{opened.sequence,
                     now_,
                     Sha256(fmt::format("checkpoint {}", sequence_)),
                     0,
                     0,
                     o_.is_private && kind == TaskKind::kTrain,
                     {}};
    if (kind == TaskKind::kPublicEvaluate) {
      rows_ = run_.facts.test_rows;
      correct_ = std::llround(static_cast<double>(rows_) *
                              (0.636 + 0.04 * progress + Uniform(-0.003, 0.003)));
    }
    r.rows = rows_;
    r.correct = correct_;
    if (o_.has_metrics)
      AddMetrics(r, kind, accepted, static_cast<int64_t>(opened.cohort.size()), progress, round);
    Add(std::move(r));
  }

  void AddMetrics(StageCommitted& r, TaskKind kind, int64_t accepted, int64_t selected,
                  double progress, int64_t round) {
    const bool is_statistic = Traits(kind).is_start_statistic,
               is_training = kind == TaskKind::kTrain;
    r.metrics = {{"bytes_up", static_cast<double>(accepted) * (is_training    ? 335'000
                                                               : is_statistic ? 640'000
                                                                              : 3'100)},
                 {"bytes_down",
                  static_cast<double>(selected) *
                      (is_training ? 270'000.0 + 60'000 * std::min(4.0, static_cast<double>(round))
                                   : 41'000)}};
    if (is_training && !o_.is_private) {
      r.metrics.push_back({"train_loss", 1.3 - 0.42 * progress + Uniform(-0.05, 0.05)});
      const strategy::Method* method = strategy::FindMethod(o_.method);
      if (!method->additive())
        r.metrics.push_back({"averaging_error", 0.17 - 0.09 * progress + Uniform(-0.02, 0.02)});
    }
    if (is_training) {
      r.metrics.push_back({"train_seconds", 11.0 + Uniform(-1, 1)});
      r.metrics.push_back({"rows", static_cast<double>(accepted) * 64});
      r.metrics.push_back({"tokens", static_cast<double>(accepted) * 64 * 12});
    } else if (!is_statistic) {
      r.metrics.push_back({"loss", 1.42 - 0.22 * progress + Uniform(-0.01, 0.01)});
      r.metrics.push_back({"macro_f1", 0.55 + 0.06 * progress + Uniform(-0.004, 0.004)});
    }
  }

  const SampleOptions& o_;
  SampleRun& run_;
  Random random_;
  TimePoint now_{std::chrono::seconds(1)};
  int64_t sequence_ = 0, attempt_ = 0, rows_ = 0, correct_ = 0;
};

void FillFacts(const SampleOptions& o, SampleRun& run) {
  Random random(o.seed, "facts");
  RunFacts& f = run.facts;
  for (int layer = 0; layer < 6; ++layer)
    for (const char* name : {"query", "value"})
      f.targets.push_back(
          {fmt::format("bert.encoder.layer.{}.attention.self.{}", layer, name), 384, 384});
  f.head = {{"classifier.bias", {DType::kF32, {27}}},
            {"classifier.weight", {DType::kF32, {27, 384}}}};
  f.labels = {"admin",        "comm",     "database", "devel", "doc",   "editors",  "games",
              "gnome",        "graphics", "haskell",  "java",  "kde",   "libdevel", "libs",
              "localization", "mail",     "math",     "misc",  "net",   "perl",     "python",
              "ruby",         "rust",     "science",  "sound", "utils", "web"};
  f.base_digest = Sha256("base");
  f.start_checkpoint = Sha256("start");
  f.numerics = "1-avx2";
  f.version = "0.1.0";
  for (int64_t i = 0; i < o.clients; ++i) {
    const auto rows = static_cast<int64_t>(40 + std::floor(60 / (0.02 + random.Uniform())));
    f.clients.push_back({{fmt::format("{}{:03}", o.name_prefix, i)},
                         i % 3 == 0 ? "small" : "large",
                         8,
                         rows,
                         rows / 10});
  }
  f.test_rows = 5500;
  f.wall_seconds = 214.5;
  f.peak_rss_bytes = 612'000'000;
  f.adapter = Sha256("adapter");
}

}  // namespace

SampleRun MakeSampleRun(const SampleOptions& o) {
  SampleRun run;
  FillFacts(o, run);
  config::Config& c = run.config;
  c.model.name = "sentence-transformers/all-MiniLM-L6-v2";
  c.model.labels = run.facts.labels;
  c.adapter.method = o.method;
  c.federation.rounds = o.rounds;
  c.federation.cohort.clients = o.cohort;
  c.evaluation.on = o.evaluate_on;
  if (o.is_private) {
    c.privacy = {.mode = "central",
                 .clip_norm = 0.5,
                 .delta = 1e-3,
                 .noise_multiplier = 0,
                 .target_epsilon = 8,
                 .noise = "secure"};
    c.federation.weighting = "uniform";
    run.facts.noise_multiplier = 1.3;
  } else {
    c.federation.head_start = "ridge";
  }
  run.facts.plan_digest = config::PlanDigest(c);

  RunPlan& p = run.plan;
  p.digest = run.facts.plan_digest;
  p.start_checkpoint = run.facts.start_checkpoint;
  p.rounds = o.rounds;
  p.cohort = o.cohort;
  p.evaluate_public = o.evaluate_on != "clients";
  p.evaluate_clients = o.evaluate_on != "test";
  p.designated = ClientId{"operator"};
  if (o.is_private)
    p.privacy = PrivacyPlan{run.facts.noise_multiplier, o.rounds + 5};
  else
    p.start = {TaskKind::kFeatureMoments};
  Writer(o, run).Write();
  return run;
}

}  // namespace tributary::report
