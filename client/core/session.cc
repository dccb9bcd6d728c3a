#include "client/core/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "aggregation/base/line_form.h"
#include "aggregation/base/random.h"

namespace tributary::client {
namespace {

// Part of the journal.
constexpr std::array<std::string_view, 5> kConsents = {"none", "pending", "granted", "declined",
                                                       "withdrawn"};
// What operators read.
constexpr std::array<std::string_view, 6> kStandings = {"open",
                                                        "outside the site's policy",
                                                        "outside the site's hours",
                                                        "pending approval",
                                                        "declined",
                                                        "withdrawn"};

class Applier {
 public:
  explicit Applier(TaskInHand& in_hand) : in_hand_(in_hand) {}

  Status operator()(const TaskTaken& r) {
    if (in_hand_.task || r.task.sequence <= in_hand_.last_ended) {
      return MakeError(Code::kDataLoss, "task_taken: sequence {}, another task is in hand or newer",
                       r.task.sequence);
    }
    in_hand_.task = r.task;
    in_hand_.round = r.task.round;
    return {};
  }
  Status operator()(const UpdateReady& r) {
    RETURN_IF_ERROR(CheckInHand("update_ready", r.sequence));
    // Only a refusal takes an update's place, when the site leaves before it was counted.
    if (in_hand_.update && r.reason != Reason::kDeclined)
      return MakeError(Code::kDataLoss, "update_ready: there is one already");
    in_hand_.update = r;
    return {};
  }
  Status operator()(const TaskEnded& r) {
    RETURN_IF_ERROR(CheckInHand("task_ended", r.sequence));
    in_hand_.task.reset();
    in_hand_.update.reset();
    in_hand_.last_ended = r.sequence;
    return {};
  }
  Status operator()(const ConsentChanged& r) {
    if (in_hand_.consent == Consent::kWithdrawn)
      return MakeError(Code::kDataLoss, "consent_changed: the site has withdrawn before");
    in_hand_.consent = r.consent;
    return {};
  }

 private:
  Status CheckInHand(std::string_view record, int64_t sequence) const {
    if (in_hand_.task && in_hand_.task->sequence == sequence) return {};
    return MakeError(Code::kDataLoss, "{}: sequence {}, not the task in hand", record, sequence);
  }
  TaskInHand& in_hand_;
};

}  // namespace

std::string_view Name(Consent consent) { return kConsents.at(static_cast<size_t>(consent)); }
std::string_view Name(Standing standing) { return kStandings.at(static_cast<size_t>(standing)); }

// For line_form, which finds them by their arguments.
void Write(std::string& out, Consent consent) { out += Name(consent); }
bool Read(std::string_view text, Consent& consent) {
  const auto it = std::find(kConsents.begin(), kConsents.end(), text);
  if (it == kConsents.end()) return false;
  consent = static_cast<Consent>(it - kConsents.begin());
  return true;
}

std::string ToText(const Record& record) { return line_form::VariantToText(record); }
Result<Record> RecordFromText(std::string_view text) {
  return line_form::VariantFromText<Record>(text);
}

Status TaskInHand::Apply(const Record& record) { return std::visit(Applier(*this), record); }

Result<Session> Session::Recover(SessionOptions options, std::span<const Record> records,
                                 TimePoint now) {
  Session session(std::move(options));
  for (size_t i = 0; i < records.size(); ++i) {
    if (auto status = session.in_hand_.Apply(records[i]); !status.has_value()) {
      return Annotate(std::move(status).error(), fmt::format("record {}", i));
    }
  }
  if (session.in_hand_.task && !session.in_hand_.update) {
    session.ready_.commands.push_back(StartWork{*session.in_hand_.task});
  }
  session.timer_ = now;  // to connect
  session.Step(now, TimeReached{});
  return session;
}

void Session::Step(TimePoint now, const Event& event) {
  std::visit([&](const auto& e) { On(now, e); }, event);
}

Ready Session::TakeReady() { return std::exchange(ready_, {}); }

std::optional<TimePoint> Session::NextDeadline() const {
  if (!opens_at_ || !timer_) return opens_at_ ? opens_at_ : timer_;
  return std::min(*opens_at_, *timer_);
}

Standing Session::standing() const {
  switch (in_hand_.consent) {
    case Consent::kPending:
      return Standing::kPending;
    case Consent::kDeclined:
      return Standing::kDeclined;
    case Consent::kWithdrawn:
      return Standing::kWithdrawn;
    default:
      return policy_;
  }
}

Phase Session::phase() const {
  if (in_hand_.task && !in_hand_.update) return Phase::kWorking;
  if (link_ == Link::kDown) return Phase::kBackingOff;
  if (link_ == Link::kConnecting) return Phase::kConnecting;
  if (!in_hand_.task) return Phase::kWaiting;
  return is_uploaded_ ? Phase::kReporting : Phase::kUploading;
}

void Session::On(TimePoint now, const Connected&) {
  if (link_ == Link::kUp) return;
  link_ = Link::kUp;
  if (!in_hand_.update) tries_ = 0;  // else an answer to it ends the tries
  SayHelloAgain(now);
  if (in_hand_.update) SendUpdate(now);
}

void Session::On(TimePoint now, const ConnectionLost& event) {
  link_ = Link::kDown;
  SayAgainAfter(now + event.not_before);
}

void Session::On(TimePoint now, const TaskReceived& event) {
  const int64_t sequence = event.task.sequence;
  if (sequence <= in_hand_.last_ended) return;  // said twice
  if (in_hand_.task) {
    if (sequence <= in_hand_.task->sequence) return;
    EndTask(now, Reason::kLate);  // the coordinator has moved on
  }
  Emit(TaskTaken{event.task});
  if (standing() == Standing::kOpen) {
    ready_.commands.push_back(StartWork{event.task});
    return;
  }
  StandingChanged(now);  // which the coordinator has not heard, or could not heed
  SetUpdate(now, {sequence, Reason::kDeclined});
}

void Session::On(TimePoint now, const WorkFinished& event) {
  SetUpdate(now, {event.sequence, Reason::kAccepted, event.digest, event.weight, event.metrics});
}

void Session::On(TimePoint now, const WorkFailed& event) {
  SetUpdate(now, {event.sequence, event.reason});
}

void Session::On(TimePoint now, const WorkDeclined& event) {
  if (!IsInHand(event.sequence) || in_hand_.update) return;
  if (event.standing == Standing::kPending) {
    Emit(ConsentChanged{Consent::kPending});
  } else if (event.standing != Standing::kOpen) {
    policy_ = event.standing;
    opens_at_.reset();
    if (policy_ == Standing::kClosed) opens_at_ = now + event.closed_for;
  }
  if (event.standing != Standing::kOpen) StandingChanged(now);
  SetUpdate(now, {event.sequence, Reason::kDeclined});
}

void Session::On(TimePoint now, const Approved&) {
  if (in_hand_.consent == Consent::kGranted || in_hand_.consent == Consent::kWithdrawn) return;
  Emit(ConsentChanged{Consent::kGranted});
  StandingChanged(now);
}

void Session::On(TimePoint now, const Left& event) {
  if (in_hand_.consent == event.consent || in_hand_.consent == Consent::kWithdrawn) return;
  Emit(ConsentChanged{event.consent});
  StandingChanged(now);
  if (!in_hand_.task || (in_hand_.update && in_hand_.update->reason != Reason::kAccepted)) return;
  const int64_t sequence = in_hand_.task->sequence;
  ready_.commands.push_back(StopWork{sequence});
  Emit(UpdateReady{sequence, Reason::kDeclined, {}, 0, {}});
  is_uploaded_ = false;
  if (link_ != Link::kUp) return;
  tries_ = 0;
  SendUpdate(now);
}

void Session::On(TimePoint now, const Uploaded& event) {
  if (!IsInHand(event.sequence) || !in_hand_.update || link_ != Link::kUp) return;
  is_uploaded_ = true;
  tries_ = 0;
  SendUpdate(now);
}

void Session::On(TimePoint now, const Acknowledged& event) {
  if (IsInHand(event.sequence) && in_hand_.update) EndTask(now, Reason::kAccepted);
}

void Session::On(TimePoint now, const Dismissed& event) {
  if (IsInHand(event.sequence)) EndTask(now, event.reason);
}

void Session::On(TimePoint now, const TimeReached&) {
  if (opens_at_ && now >= *opens_at_) {
    opens_at_.reset();
    policy_ = Standing::kOpen;
    StandingChanged(now);
  }
  if (!timer_ || now < *timer_) return;
  timer_.reset();
  if (link_ == Link::kDown) {
    link_ = Link::kConnecting;
    ready_.commands.push_back(Connect{});
  } else if (link_ == Link::kUp && in_hand_.update) {
    SendUpdate(now);
  } else if (link_ == Link::kUp) {
    SayHelloAgain(now);
  }
}

bool Session::IsInHand(int64_t sequence) const {
  return in_hand_.task && in_hand_.task->sequence == sequence;
}

void Session::EndTask(TimePoint now, Reason reason) {
  const int64_t sequence = in_hand_.task->sequence;
  const bool is_uploading =
      in_hand_.update && in_hand_.update->reason == Reason::kAccepted && !is_uploaded_;
  const bool is_working = !in_hand_.update || is_uploading;
  Emit(TaskEnded{sequence, reason});
  if (is_working) ready_.commands.push_back(StopWork{sequence});
  is_uploaded_ = false;
  if (link_ != Link::kUp) return;
  tries_ = 0;
  timer_ = now + options_.heartbeat;
}

void Session::SetUpdate(TimePoint now, UpdateReady update) {
  if (!IsInHand(update.sequence) || in_hand_.update) return;
  Emit(std::move(update));
  is_uploaded_ = false;
  if (link_ != Link::kUp) return;
  tries_ = 0;
  SendUpdate(now);
}

void Session::SendUpdate(TimePoint now) {
  const UpdateReady& update = *in_hand_.update;
  if (update.reason == Reason::kAccepted && !is_uploaded_) {
    ready_.commands.push_back(Upload{update.sequence, update.digest});
    timer_.reset();  // an upload ends with Uploaded or ConnectionLost
    return;
  }
  ready_.commands.push_back(Report{update});
  SayAgainAfter(now);
}

// With a hello once it is open again, which is answered with what waits for it.
void Session::StandingChanged(TimePoint now) {
  if (link_ != Link::kUp) return;
  ready_.commands.push_back(SayStanding{standing()});
  if (standing() == Standing::kOpen && !in_hand_.update) SayHelloAgain(now);
}

void Session::SayHelloAgain(TimePoint now) {
  if (standing() != Standing::kOpen) ready_.commands.push_back(SayStanding{standing()});
  ready_.commands.push_back(SayHello{in_hand_.task ? in_hand_.task->sequence : 0});
  timer_ = now + options_.heartbeat;
}

void Session::SayAgainAfter(TimePoint now) {
  const Duration delay = RetryDelay();
  timer_ = now + delay;
}

// Doubling, with the upper half of each delay drawn, so that a thousand clients that lost the
// coordinator at once do not come back at once.
Duration Session::RetryDelay() {
  Duration delay = options_.first_retry;
  for (int64_t i = 0; i < tries_ && delay < options_.last_retry; ++i) delay += delay;
  delay = std::min(delay, options_.last_retry);
  ++tries_;
  Random random(options_.seed, "retry", {options_.name.value, std::to_string(jitter_draws_++)});
  const uint64_t half = static_cast<uint64_t>(delay.count() / 2);
  const uint64_t drawn = random.Below(half + 1);
  return Duration(delay.count() - static_cast<int64_t>(drawn));
}

void Session::Emit(Record record) {
  const Status status = in_hand_.Apply(record);
  TRIBUTARY_CHECK(status.has_value(), status.has_value() ? "" : status.error().message);
  ready_.records.push_back(std::move(record));
}

}  // namespace tributary::client
