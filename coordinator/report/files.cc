#include "coordinator/report/files.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "coordinator/report/html.h"

namespace tributary::report {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json OrNull(const std::optional<Digest>& digest) {
  return digest ? Json(digest->Hex()) : Json(nullptr);
}

// JSON has no infinity: an unbounded epsilon is null in numbers, and `privacy` says it in words.
Json Epsilon(const std::optional<privacy::Spent>& spent) {
  return spent ? Json(spent->epsilon) : Json(nullptr);
}
Json Delta(const std::optional<privacy::Spent>& spent, const config::Config& config) {
  return spent ? Json(config.privacy.delta) : Json(nullptr);
}

Json Dropped(const std::map<Reason, int64_t>& dropped) {
  Json json = Json::object();
  for (const auto& [reason, count] : dropped) json[std::string(Name(reason))] = count;
  return json;
}

Json Attempts(const std::vector<Attempt>& attempts) {
  Json json = Json::array();
  for (const Attempt& a : attempts)
    json.push_back({{"task", Name(a.kind)},
                    {"attempt", a.attempt},
                    {"reason", Name(a.reason)},
                    {"selected", a.selected},
                    {"reported", a.reported},
                    {"charged", a.is_charged}});
  return json;
}

std::string Line(const Json& json) { return DumpJson(json) + "\n"; }

}  // namespace

std::string RoundsJsonl(const RunView& view, const config::Config& config) {
  std::string out;
  for (const Round& r : view.rounds) {
    const std::optional<Scores>& scores = view.ScoresOf(r);
    out += Line({{"schema", kRoundsSchema},
                 {"round", r.round},
                 {"selected", r.selected},
                 {"reported", r.reported},
                 {"dropped", Dropped(r.dropped)},
                 {"train_loss", OrNull(r.train_loss)},
                 {"loss", OrNull(scores ? scores->loss : std::nullopt)},
                 {"accuracy", OrNull(view.AccuracyOf(r))},
                 {"macro_f1", OrNull(scores ? scores->macro_f1 : std::nullopt)},
                 {"averaging_error", OrNull(r.averaging_error)},
                 {"bytes_up", r.bytes_up},
                 {"bytes_down", r.bytes_down},
                 {"epsilon", Epsilon(r.spent)},
                 {"delta", Delta(r.spent, config)},
                 {"train_seconds", r.train_seconds},
                 {"examples_per_second", OrNull(r.ExamplesPerSecond())},
                 {"virtual_seconds", r.VirtualSeconds()},
                 {"digest", OrNull(r.digest)},
                 {"attempts", Attempts(r.abandoned)}});
  }
  return out;
}

std::string ClientsJsonl(const RunView& view, const RunFacts& facts) {
  std::string out;
  for (const Round& r : view.rounds) {
    for (const ClientRow& c : r.clients) {
      const ClientFacts* known = facts.Find(c.client);
      const std::optional<Scores>& e = c.evaluation;
      out += Line({{"schema", kClientsSchema},
                   {"round", r.round},
                   {"client", c.client.value},
                   {"group", known != nullptr ? Json(known->group) : Json(nullptr)},
                   {"outcome", Name(c.outcome)},
                   {"rows", OrNull(c.rows)},
                   {"steps", OrNull(c.steps)},
                   {"tokens", OrNull(c.tokens)},
                   {"loss", OrNull(c.loss)},
                   {"accuracy", OrNull(e ? e->Accuracy() : std::nullopt)},
                   {"evaluation_rows", e ? Json(e->rows) : Json(nullptr)},
                   {"evaluation_loss", OrNull(e ? e->loss : std::nullopt)},
                   {"bytes_up", c.bytes_up},
                   {"bytes_down", c.bytes_down},
                   {"seconds", OrNull(c.seconds)}});
    }
  }
  return out;
}

std::string SummaryJson(const RunView& view, const config::Config& config, const RunFacts& facts) {
  const Round none;
  const Round& kept = view.rounds.empty() ? none : view.rounds[view.kept];
  const Round& start = view.rounds.empty() ? none : view.rounds.front();
  const Round& last = view.rounds.empty() ? none : view.rounds.back();
  const std::optional<Scores>& scores = view.ScoresOf(kept);
  Json best = nullptr;
  if (const auto index = view.Best()) {
    const Round& round = view.rounds[*index];
    best = {{"round", round.round},
            {"accuracy",
             OrNull(round.on_clients ? round.on_clients->Accuracy() : view.AccuracyOf(round))},
            {"on", round.on_clients ? "clients" : "test"}};
  }
  const Json json = {{"schema", kSummarySchema},
                     {"method", config.adapter.method},
                     {"rounds", view.CommittedRounds()},
                     {"kept_round", kept.round},
                     {"finished", view.finished ? Json(Name(*view.finished)) : Json(nullptr)},
                     {"accuracy", OrNull(view.AccuracyOf(kept))},
                     {"accuracy_at_start", OrNull(view.AccuracyOf(start))},
                     {"best", best},
                     {"loss", OrNull(scores ? scores->loss : std::nullopt)},
                     {"macro_f1", OrNull(scores ? scores->macro_f1 : std::nullopt)},
                     {"wall_seconds", facts.wall_seconds},
                     {"train_seconds", view.TrainSeconds()},
                     {"peak_rss_bytes", facts.peak_rss_bytes},
                     {"bytes_up", view.BytesUp()},
                     {"bytes_down", view.BytesDown()},
                     {"epsilon", Epsilon(last.spent)},
                     {"delta", Delta(last.spent, config)},
                     {"privacy", view.privacy},
                     {"adapter_sha256", OrNull(facts.adapter)},
                     {"plan_digest", facts.plan_digest.Hex()},
                     {"numerics", facts.numerics},
                     {"version", facts.version}};
  return DumpJson(json, 2) + "\n";
}

Status WriteFiles(const std::filesystem::path& directory, const RunView& view,
                  const config::Config& config, const RunFacts& facts) {
  RETURN_IF_ERROR(WriteFile(directory / "rounds.jsonl", RoundsJsonl(view, config)));
  RETURN_IF_ERROR(WriteFile(directory / "clients.jsonl", ClientsJsonl(view, facts)));
  RETURN_IF_ERROR(WriteFile(directory / "summary.json", SummaryJson(view, config, facts)));
  return WriteFile(directory / "report.html", RenderHtml(view, config, facts));
}

}  // namespace tributary::report
