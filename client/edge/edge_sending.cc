// What leaves the site about its work: updates, why there is none, where it stands. In the sent log
// first.

#include "client/edge/edge.h"

namespace tributary::edge {

// A restart forgets the words, not the standing.
std::string Edge::DetailOf(const RunSession& run) {
  const client::Standing standing = run.session->standing();
  if (!run.detail.empty() || standing == client::Standing::kOpen) return run.detail;
  return std::string(Name(standing));
}

void Edge::NotLogged(const Error& why) {
  log_.Error("not_logged_not_sent", {{"error", why.message}});
}

// What is not in the sent log is not said; the machine says it again.
void Edge::Report(const RunId& run, const RunSession& session, const client::UpdateReady& update) {
  if (link_ == nullptr) return;
  const std::optional<Task>& in_hand = session.session->in_hand().task;
  if (!in_hand || in_hand->sequence != update.sequence) return;
  if (update.reason == Reason::kAccepted) {
    const proto::Offer offer{run, update.sequence, update.digest, update.weight, update.metrics};
    if (Status kept = sent_->Offer(*in_hand, offer); !kept) return NotLogged(kept.error());
    return Say(offer);
  }
  const proto::Failure failure{run, update.sequence, update.reason, DetailOf(session)};
  if (Status kept = sent_->Failure(*in_hand, failure); !kept) return NotLogged(kept.error());
  Say(failure);
}

// Logged when it changes, not with every hello.
void Edge::SayStanding(const RunId& run, RunSession& session, client::Standing standing) {
  if (link_ == nullptr) return;
  if (session.said != standing) {
    if (Status kept = sent_->Standing(run, Name(standing)); !kept) return NotLogged(kept.error());
    session.said = standing;
  }
  const bool is_away = standing != client::Standing::kOpen;
  Say(proto::Progress{run, 0, std::string(Name(standing)), 0, is_away});
}

bool Edge::IsInHand(const RunId& run, int64_t sequence) const {
  const auto it = runs_.find(run);
  if (it == runs_.end()) return false;
  const std::optional<Task>& task = it->second.session->in_hand().task;
  return task && task->sequence == sequence;
}

void Edge::UploadUpdate(const RunId& run, const client::Upload& upload) {
  if (uploading_.contains(run)) return;  // it ends with Uploaded or ConnectionLost
  const std::stop_token stop = uploading_[run].get_token();
  Say(proto::Progress{run, upload.sequence, "uploading", 0});
  uploader_->Post([this, run, upload, stop, task = runs_.at(run).session->in_hand().task] {
    const Status sent = SendBytes(run, upload, task.value_or(Task()), stop);
    Post([this, run, upload, sent] {
      uploading_.erase(run);
      if (!sent)
        log_.Warning("upload_failed", {{"run", run.value}, {"error", sent.error().message}});
      // Where it was refused, the offer that follows is answered with the reason.
      // RESOURCE_EXHAUSTED: the coordinator has no room for it yet.
      // Where the machine has moved on, its newer upload found this one in the way.
      const bool is_passing =
          !sent && (IsPassing(sent.error().code) || sent.error().code == Code::kResourceExhausted);
      if (is_passing || !IsInHand(run, upload.sequence))
        Step(run, client::ConnectionLost{});
      else
        Step(run, client::Uploaded{upload.sequence});
    });
  });
}

// On the uploader's thread.
Status Edge::SendBytes(const RunId& run, const client::Upload& upload, const Task& task,
                       std::stop_token stop) {
  const auto file = worker_->OutboxFile(run, upload.sequence);
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return MakeError(Code::kDataLoss, "{}: is missing", file.string());
  const proto::UploadBegin begin{run, upload.sequence, upload.digest, static_cast<int64_t>(size),
                                 proto::kSafetensorsSchema};
  if (Status kept = sent_->Upload(task, begin); !kept)  // tried again, as if the way were closed
    return MakeError(Code::kUnavailable, "{}", kept.error().message);
  return edge::Upload(*channel_, begin, file, traffic_, stop);
}

}  // namespace tributary::edge
