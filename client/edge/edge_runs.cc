// The runs that a client knows: taken up from its store, and left.

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "client/edge/edge.h"

namespace tributary::edge {
namespace {

client::SessionOptions Options(const std::string& name, const RunId& run) {
  client::SessionOptions options;
  options.name = ClientId{name};
  options.seed = Sha256(name + "\n" + run.value).bytes[0];
  options.first_retry = std::chrono::milliseconds(500);
  return options;
}

}  // namespace

Status Edge::Recover() {
  ASSIGN_OR_RETURN(const std::vector<RunId> known, states_->Runs());
  for (const RunId& run : known) {
    RETURN_IF_ERROR(TakeUp(run));
    ASSIGN_OR_RETURN(const auto ended, states_->Get(run, kEnded));
    if (ended.value_or("").empty()) continue;
    RETURN_IF_ERROR(KeepAdapter(run));
    End(run);
  }
  return AddRun(kLink, {});  // which dials, and says what was seen of the others
}

// A run that the store knows.
Status Edge::TakeUp(const RunId& run) {
  ASSIGN_OR_RETURN(const store::Recovered recovered, states_->Recover(run));
  std::vector<client::Record> records;
  for (const std::string& text : recovered.records) {
    ASSIGN_OR_RETURN(client::Record record, client::RecordFromText(text));
    records.push_back(std::move(record));
  }
  return AddRun(run, records);
}

// Of a run that has ended, unless it is there. Before End.
Status Edge::KeepAdapter(const RunId& run) {
  std::error_code error;
  if (std::filesystem::exists(worker_->AdapterDirectory(run) / "README.md", error)) return {};
  ASSIGN_OR_RETURN(const auto kept, states_->Get(run, kKept));
  const auto json = ParseJson(kept.value_or(""));
  if (!json.is_object()) return {};
  const RunSession& session = runs_.at(run);
  Job job{run, session.plan, session.rank, {}};
  job.is_last = true;
  job.task.round = json.value("round", int64_t{0});
  ASSIGN_OR_RETURN(job.task.checkpoint, Digest::FromHex(json.value("checkpoint", "")));
  worker_->Start(std::move(job));
  return {};
}

// Keeps what it has seen of the run, and no more.
void Edge::End(const RunId& run) {
  const RunSession& session = runs_.at(run);
  const client::TaskInHand& in_hand = session.session->in_hand();
  ended_[run] = {run, in_hand.round, session.incarnation, in_hand.newest()};
  runs_.erase(run);
}

Status Edge::AddRun(const RunId& run, std::span<const client::Record> records) {
  RunSession added;
  if (run != kLink) {
    ASSIGN_OR_RETURN(const auto assignment, states_->Get(run, kAssignment));
    const auto json = ParseJson(assignment.value_or(""));
    if (!json.is_object() || !json.contains("plan") || !json.contains("rank"))
      return MakeError(Code::kDataLoss, "{}: run {}: its assignment cannot be read",
                       settings_.directory.string(), run.value);
    ASSIGN_OR_RETURN(added.plan, Digest::FromHex(json["plan"].get<std::string>()));
    added.rank = json["rank"].get<int64_t>();
    ASSIGN_OR_RETURN(const auto incarnation, states_->Get(run, kIncarnation));
    if (incarnation) added.incarnation = std::atoll(incarnation->c_str());
  }
  ASSIGN_OR_RETURN(added.session, client::Session::Recover(Options(name_, run), records, Now()));
  added.since = Now();
  if (const auto& task = added.session->in_hand().task) added.kind = task->kind;
  Pump(run, runs_[run] = std::move(added));
  return {};
}

}  // namespace tributary::edge
