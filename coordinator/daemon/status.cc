#include "coordinator/daemon/status.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "aggregation/base/json.h"
#include "coordinator/report/files.h"
#include "coordinator/report/mixture.h"
#include "coordinator/report/provenance.h"

namespace tributary::daemon {
namespace {

using Json = nlohmann::ordered_json;
using namespace coordinator;  // NOLINT: the phases

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// `facts` with a list of objects under `name`. A message has a limit: where they do not all fit,
// the last ones, and in "left_out" how many came before them.
std::string WithList(Json facts, const std::string& name, std::span<const std::string> entries) {
  constexpr size_t kFacts = 16 * 1024;
  size_t room = proto::kMaxDocument - kFacts, first = entries.size();
  while (first > 0 && entries[first - 1].size() < room) room -= entries[--first].size() + 1;
  if (first > 0) facts["left_out"] = first;
  std::string text = DumpJson(facts);
  text.pop_back();
  return fmt::format("{},{}:[{}]}}", text, DumpJson(Json(name)),
                     fmt::join(entries.subspan(first), ","));
}

std::vector<std::string> Pending(const Stage& stage) {
  std::vector<std::string> names;
  for (const Member& member : stage.members)
    if (member.outcome == Reason::kPending) names.push_back(member.client.value);
  return names;
}

// Among the clients that have counted.
std::string MixtureOf(const State& state) {
  report::Kinds kinds;
  for (const auto& [client, said] : state.described) kinds[report::KindOf(said)].insert(client);
  return report::MixtureText(kinds);
}

std::string RolledBack(const Run& run, const State& state) {
  const std::string_view then = run.setup().plan.run.privacy
                                    ? "resume goes on behind what its clients have seen, and "
                                      "charges it: let them connect first"
                                    : "resume goes on behind what its clients have seen";
  if (run.seen() <= state.sequence)
    return fmt::format("paused: {}; this state was restored from a backup; {}",
                       Name(Reason::kRolledBack), then);
  return fmt::format(
      "paused: {}; clients have seen stage {}, and this state, of an older backup, {} stages; {}",
      Name(Reason::kRolledBack), run.seen(), state.sequence, then);
}

Standing SelectingStands(const Federation& federation, const Run& run, const State& state,
                         TimePoint now) {
  const RunPlan& plan = run.setup().plan.run;
  Standing s{"selecting", "", {}, {}};
  const auto& selecting = std::get<Selecting>(state.phase);
  const auto kind = state.NextTask(plan);
  if (selecting.tries > 0 && now < selecting.not_before) {
    s.until = selecting.not_before;
    s.why = fmt::format("tries {} of round {} again after {} without success: {}",
                        kind ? Name(*kind) : "", state.round, selecting.tries, run.last_fault());
    return s;
  }
  const auto& where = run.setup().where;
  const std::string& designated = run.setup().submission.designated;
  if (kind && Traits(*kind).is_designated) {
    s.why = fmt::format("waits for the designated client \"{}\" to connect", designated);
    s.waits_for = {designated};
    return s;
  }
  std::vector<std::string> away;
  int64_t there = 0;
  for (const ClientId& name : federation.registry().Eligible(where, designated, false)) {
    if (federation.IsThere(run, name)) {
      ++there;
      continue;
    }
    s.waits_for.push_back(name.value);
    const Client& client = *federation.registry().Find(name);
    if (const auto it = client.away.find(run.setup().id); it != client.away.end())
      away.push_back(fmt::format("{}: {}", name.value, it->second));
    if (client.quarantine)
      away.push_back(fmt::format("{}: in quarantine, which `tributary clients release {}` ends",
                                 name.value, name.value));
  }
  const int64_t needed =
      kind == TaskKind::kTrain && plan.cohort ? *plan.cohort : std::max<int64_t>(plan.minimum, 1);
  s.why = fmt::format("waits for clients: {} of {} that it needs are connected", there, needed);
  if (!away.empty()) s.why += fmt::format("; {}", fmt::join(away, "; "));
  return s;
}

std::vector<std::string> Quarantined(const Federation& federation, const Run& run) {
  std::vector<std::string> names;
  for (const ClientId& name : federation.ClientsOf(run))
    if (federation.registry().Find(name)->quarantine) names.push_back(name.value);
  return names;
}

Json StatusOf(const Federation& federation, const Run& run, TimePoint now) {
  const RunSetup& setup = run.setup();
  const Standing standing = StandingOf(federation, run, now);
  Json json = {{"schema", kStatusSchema},
               {"run", setup.id.value},
               {"phase", standing.phase},
               {"why", standing.why},
               {"waits_for", standing.waits_for},
               {"seconds_left", nullptr},
               {"method", setup.config.adapter.method},
               {"model", setup.config.model.name},
               {"rounds", setup.config.federation.rounds},
               {"clients", federation.ClientsOf(run).size()},
               {"plan_digest", setup.plan.run.digest.Hex()},
               {"privacy", setup.plan.privacy_statement},
               {"quarantined", Quarantined(federation, run)},
               {"late", run.late()},
               {"last_fault", run.last_fault()}};
  if (standing.until) json["seconds_left"] = std::max(0.0, Seconds(*standing.until - now));
  const State* state = run.state();
  if (state == nullptr) return json;
  json["round"] = std::min<int64_t>(state->round, setup.config.federation.rounds);
  json["abandoned"] = state->abandoned;
  json["charged"] = state->charged;  // privacy events
  const std::string mixture = MixtureOf(*state);
  json["reproducible"] = mixture.empty();
  if (!mixture.empty()) json["mixed"] = mixture;
  json["checkpoint"] = state->checkpoint.Hex();
  json["checkpoint_round"] = state->checkpoint_round;
  if (const auto* finished = std::get_if<Finished>(&state->phase)) {
    const Score kept = state->Kept(setup.plan.run);
    json["reason"] = Name(finished->reason);
    json["kept_round"] = kept.round;
    json["kept_checkpoint"] = kept.checkpoint.Hex();
  }
  if (const Stage* stage = state->OpenStage())
    json["stage"] = {{"task", Name(stage->task.kind)}, {"round", stage->task.round},
                     {"attempt", stage->task.attempt}, {"selected", stage->members.size()},
                     {"accepted", stage->accepted},    {"pending", stage->pending},
                     {"target", stage->target},        {"minimum", stage->minimum}};
  return json;
}

}  // namespace

std::string_view PhaseOf(const Run& run) {
  const State* state = run.state();
  if (state == nullptr) return "halted";
  if (std::holds_alternative<Finished>(state->phase)) return "finished";
  if (std::holds_alternative<Selecting>(state->phase))
    return state->paused ? "paused" : "selecting";
  if (std::holds_alternative<Reporting>(state->phase)) return "reporting";
  return std::holds_alternative<Aggregating>(state->phase) ? "aggregating" : "idle";
}

Standing StandingOf(const Federation& federation, const Run& run, TimePoint now) {
  const std::string_view phase = PhaseOf(run);
  if (phase == "halted") return {phase, run.halted()};
  const State& state = *run.state();
  if (phase == "finished")
    return {phase, fmt::format("ended: {}", Name(std::get<Finished>(state.phase).reason))};
  if (phase == "paused" && state.paused == Reason::kRolledBack)
    return {phase, RolledBack(run, state)};
  if (phase == "paused")
    return {phase, fmt::format("paused: {}{}", Name(*state.paused),
                               run.last_fault().empty() ? "" : "; " + run.last_fault())};
  const std::string pause =
      state.paused ? fmt::format("; then it pauses: {}", Name(*state.paused)) : "";
  if (phase == "selecting") return SelectingStands(federation, run, state, now);
  if (const auto* reporting = std::get_if<Reporting>(&state.phase)) {
    const Stage& stage = reporting->stage;
    return {phase,
            fmt::format("waits for {} of {} clients to report {}{}", stage.pending,
                        stage.members.size(), Name(stage.task.kind), pause),
            Pending(stage), stage.task.deadline};
  }
  if (phase == "aggregating") return {phase, "combines the accepted updates" + pause};
  return {phase, "has not begun"};
}

std::string_view StateOf(const Federation& federation, const ClientId& name, const Client& client) {
  if (client.quarantine) return "quarantined";
  if (!client.is_connected) return "disconnected";
  bool has_task = false;
  for (const auto& [id, run] : federation.runs()) {
    const std::optional<Task> task = run->PendingTask(name);
    if (!task) continue;
    has_task = true;
    if (!client.progress || client.progress->run != id ||
        client.progress->sequence != task->sequence)
      continue;
    for (const std::string_view known : std::span(kClientStates).subspan(kFirstOfWork, 4))
      if (known == client.progress->state) return known;
    return "other";
  }
  if (has_task) return "waiting";
  return client.away.empty() ? "idle" : "away";
}

std::string StatusJson(const Federation& federation, const Run& run, TimePoint now) {
  return DumpJson(StatusOf(federation, run, now));
}

std::string RunsJson(const Federation& federation, TimePoint now) {
  std::vector<std::string> runs;
  for (const auto& [id, run] : federation.runs())
    runs.push_back(DumpJson(StatusOf(federation, *run, now)));
  return WithList({{"schema", kStatusSchema},
                   {"project", federation.options().project},
                   {"incarnation", federation.incarnation()}},
                  "runs", runs);
}

std::string ClientsJson(const Federation& federation, const Run& run) {
  const Stage* stage = run.state() == nullptr ? nullptr : run.state()->OpenStage();
  std::vector<std::string> clients;
  for (const ClientId& name : federation.ClientsOf(run)) {
    const Client& client = *federation.registry().Find(name);
    const Member* member = stage == nullptr ? nullptr : stage->Find(name);
    Json json = {{"client", name.value},
                 {"connected", client.is_connected},
                 {"state", StateOf(federation, name, client)},
                 {"tags", client.tags},
                 {"rank", run.setup().RankOf(client.tags)},
                 {"outcome", member == nullptr ? Json(nullptr) : Json(Name(member->outcome))},
                 {"last_failure", client.last_failure},
                 {"rejected", client.rejected.size()},
                 {"quarantined", client.quarantine.has_value()},
                 {"away", nullptr}};
    if (const auto it = client.away.find(run.setup().id); it != client.away.end())
      json["away"] = it->second;
    if (client.hello)
      json["program"] = {{"version", client.hello->program},
                         {"numerics", client.hello->numerics},
                         {"torch", client.hello->torch},
                         {"device", client.hello->device},
                         {"instruction_set", client.hello->instruction_set}};
    // Its words about a task that is over are over, too.
    const std::optional<Task> task = run.PendingTask(name);
    if (task && client.progress && client.progress->run == run.setup().id &&
        client.progress->sequence == task->sequence)
      json["progress"] = {{"state", client.progress->state}, {"share", client.progress->share}};
    clients.push_back(DumpJson(json));
  }
  return WithList({{"schema", kStatusSchema}, {"run", run.setup().id.value}}, "clients", clients);
}

Result<std::string> RoundsJson(const Federation& federation, const Run& run) {
  const report::RunFacts facts = run.Facts(federation.ClientsOf(run));
  ASSIGN_OR_RETURN(const report::RunView view,
                   report::Build(run.setup().config, facts, run.records()));
  std::istringstream lines(report::RoundsJsonl(view, run.setup().config));
  std::vector<std::string> rounds;
  for (std::string line; std::getline(lines, line);) rounds.push_back(line);
  return WithList({{"schema", report::kRoundsSchema}, {"run", run.setup().id.value}}, "rounds",
                  rounds);
}

Result<proto::ExportManifest> ExportOf(const Federation& federation, Run& run,
                                       std::string_view round) {
  const report::RunFacts facts = run.Facts(federation.ClientsOf(run));
  ASSIGN_OR_RETURN(const report::RunView view,
                   report::Build(run.setup().config, facts, run.records()));
  if (view.rounds.empty()) return MakeError(Code::kNotFound, "nothing was committed yet");
  const std::string kept = std::to_string(view.rounds[view.kept].round);
  ASSIGN_OR_RETURN(const report::Round* const found, view.Find(round.empty() ? kept : round));
  proto::ExportManifest manifest;
  manifest.round = found->round;
  manifest.state = *found->digest;
  for (const store::BlobFacts& blob : run.blobs().List())
    if (blob.digest == manifest.state) manifest.size = blob.size;
  if (manifest.size == 0)
    return MakeError(Code::kNotFound, "the state of round {} of run {} is no longer kept",
                     found->round, run.setup().id.value);
  manifest.plan.value = run.setup().plan_text;
  manifest.model_config.value = run.setup().submission.model_config.value;
  Json told = {{"schema", kStatusSchema}, {"run", run.setup().id.value}};
  told.update(report::ToJson(report::ProvenanceOf(facts, view, *found)));
  manifest.facts.value = DumpJson(told);
  return manifest;
}

}  // namespace tributary::daemon
