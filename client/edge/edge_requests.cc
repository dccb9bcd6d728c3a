// What people at the site ask of their client, and what becomes of it.

#include "client/edge/edge.h"

namespace tributary::edge {
namespace {

// Training updates of this site that the run has counted.
int64_t CountedUpdates(const std::vector<std::string>& journal) {
  int64_t counted = 0;
  TaskKind kind = TaskKind::kTrain;
  for (const std::string& text : journal) {
    const auto record = client::RecordFromText(text);
    if (!record) continue;
    if (const auto* taken = std::get_if<client::TaskTaken>(&*record)) kind = taken->task.kind;
    if (const auto* ended = std::get_if<client::TaskEnded>(&*record))
      counted += kind == TaskKind::kTrain && ended->reason == Reason::kAccepted;
  }
  return counted;
}

}  // namespace

void Edge::TakeRequests() {
  for (const Request& request : requests_.Take()) {
    const bool is_question = request.verb == "status";
    const Result<std::string> done = is_question ? ToJson(Look()) : Obey(request);
    const Answer answer{done.has_value(), done ? *done : done.error().message};
    if (!is_question)
      log_.Info("site_asked",
                {{"run", request.run.value}, {"verb", request.verb}, {"answer", answer.text}});
    if (const Status replied = requests_.Reply(request, answer); !replied)
      log_.Warning("site_not_answered", {{"error", replied.error().message}});
  }
}

Result<std::string> Edge::Obey(const Request& request) {
  const auto it = runs_.find(request.run);
  if (request.run.value.empty() || it == runs_.end())
    return MakeError(Code::kNotFound, "this site knows no run \"{}\" that is under way",
                     request.run.value);
  const std::string& run = request.run.value;
  const client::Consent consent = it->second.session->in_hand().consent;
  if (consent == client::Consent::kWithdrawn && request.verb != "withdraw")
    return MakeError(Code::kFailedPrecondition,
                     "{}: the site has withdrawn from this run, which is for good", run);
  if (request.verb == "approve") {
    ASSIGN_OR_RETURN(const bool has_new_data, DataPin(*states_).Confirm(request.run));
    Step(request.run, client::Approved{});
    return fmt::format("{}: approved{}", run, has_new_data ? ", with the changed data" : "");
  }
  if (request.verb == "decline") {
    Step(request.run, client::Left{client::Consent::kDeclined});
    return fmt::format("{}: declined; the site takes no tasks of it unless it is approved", run);
  }
  if (request.verb != "withdraw")
    return InvalidArgument("\"{}\": expected approve, decline or withdraw", request.verb);
  Step(request.run, client::Left{client::Consent::kWithdrawn});
  ASSIGN_OR_RETURN(const store::Recovered journal, states_->Recover(request.run));
  return fmt::format(
      "{}: withdrawn, for good; the site takes no more part. {} updates of it that the run has "
      "counted before remain in its adapter",
      run, CountedUpdates(journal.records));
}

}  // namespace tributary::edge
