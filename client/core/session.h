#pragma once
// A client's session with the coordinator as a deterministic machine: it connects, waits for a
// task, has it done, uploads the update, reports it until it is answered, and backs off when the
// connection fails. It decides and does nothing else; time is an argument. One thread owns it.
// The driver's contract is the coordinator's: take the ready, make its records durable, only then
// carry out its commands, in order. Commands may be repeated after a crash.
//
// Messages may be lost, repeated, delayed and reordered: whatever awaits an answer is said again,
// less and less often, and an answer to something else is ignored.

#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "aggregation/base/status.h"
#include "aggregation/base/task.h"

namespace tributary::client {

struct SessionOptions {
  ClientId name;
  uint64_t seed = 0;                               // of the jitter
  Duration first_retry = std::chrono::seconds(1);  // to connect or to report; doubles, up to
  // Less than the grace of coordinator/core/run_plan.h, or an outage would lose finished work.
  Duration last_retry = std::chrono::seconds(15);
  Duration heartbeat = std::chrono::seconds(20);  // while there is nothing to report
};

// What the site has said of a run: whether its people were asked, and what they answered. Durable.
enum class Consent : uint8_t { kNone, kPending, kGranted, kDeclined, kWithdrawn };
std::string_view Name(Consent consent);

// Whether the site takes tasks of the run now. In every state but the first it is away: the
// coordinator is told, need not ask, and is answered with a refusal where it does.
enum class Standing : uint8_t {
  kOpen,
  kOutsidePolicy,  // until the client is started again
  kClosed,         // until the site's hours begin
  kPending,        // until somebody at the site approves
  kDeclined,       // by somebody at the site, who may still approve
  kWithdrawn,      // for good
};
std::string_view Name(Standing standing);

// --- what can happen ---

struct Connected {};
struct ConnectionLost {    // or could not be made
  Duration not_before{0};  // the coordinator's wish, when it said goodbye
};
struct TaskReceived {
  Task task;
};
struct WorkFinished {
  int64_t sequence = 0;
  Digest digest{};  // of the update, which the driver has stored
  int64_t weight = 0;
  std::vector<Metric> metrics{};
};
struct WorkFailed {
  int64_t sequence = 0;
  Reason reason = Reason::kFailed;  // IsClientFault
};
struct WorkDeclined {  // by the site's policy; kOpen: this task alone
  int64_t sequence = 0;
  Standing standing = Standing::kOpen;  // up to kPending
  Duration closed_for{0};               // with kClosed
};
struct Approved {};  // by somebody at the site; of no effect after a withdrawal
struct Left {        // the same person declines, or withdraws
  Consent consent = Consent::kWithdrawn;
};
struct Uploaded {
  int64_t sequence = 0;
};  // the coordinator's side has all bytes
struct Acknowledged {
  int64_t sequence = 0;
};
struct Dismissed {
  int64_t sequence = 0;
  Reason reason = Reason::kPending;
};
struct TimeReached {};

using Event =
    std::variant<Connected, ConnectionLost, TaskReceived, WorkFinished, WorkFailed, WorkDeclined,
                 Approved, Left, Uploaded, Acknowledged, Dismissed, TimeReached>;

// --- what is durable ---

struct TaskTaken {
  static constexpr std::string_view kName = "task_taken";
  Task task;
  static void Fields(auto& r, auto&& f) { Task::Fields(r.task, f); }
  bool operator==(const TaskTaken&) const = default;
};
struct UpdateReady {  // `reason` is kAccepted where there is an update, else why there is none
  static constexpr std::string_view kName = "update_ready";
  int64_t sequence = 0;
  Reason reason = Reason::kAccepted;
  Digest digest{};
  int64_t weight = 0;
  std::vector<Metric> metrics{};
  static void Fields(auto& r, auto&& f) {
    f("sequence", r.sequence), f("reason", r.reason), f("digest", r.digest);
    f("weight", r.weight), f("metrics", r.metrics);
  }
  bool operator==(const UpdateReady&) const = default;
};
struct TaskEnded {
  static constexpr std::string_view kName = "task_ended";
  int64_t sequence = 0;
  Reason reason = Reason::kPending;
  static void Fields(auto& r, auto&& f) { f("sequence", r.sequence), f("reason", r.reason); }
  bool operator==(const TaskEnded&) const = default;
};

struct ConsentChanged {
  static constexpr std::string_view kName = "consent_changed";
  Consent consent = Consent::kNone;
  static void Fields(auto& r, auto&& f) { f("consent", r.consent); }
  bool operator==(const ConsentChanged&) const = default;
};

using Record = std::variant<TaskTaken, UpdateReady, TaskEnded, ConsentChanged>;

// --- what is asked for ---

struct Connect {};
struct SayHello {
  int64_t holds = 0;
};  // "I am here", and the task in hand or 0; while that is
    // 0 it is answered with a task if there is one
struct SayStanding {
  Standing standing = Standing::kOpen;
};  // before a hello whenever it is not kOpen, and when it changes
struct StartWork {
  Task task;
};
struct StopWork {
  int64_t sequence = 0;
};  // and its upload
struct Upload {
  int64_t sequence = 0;
  Digest digest{};
};
struct Report {
  UpdateReady update;
};  // offers an uploaded update, or says why there is none

using Command = std::variant<Connect, SayHello, SayStanding, StartWork, StopWork, Upload, Report>;

struct Ready {
  std::vector<Record> records;
  std::vector<Command> commands;
  bool empty() const { return records.empty() && commands.empty(); }
};

// A line of text for a record, as aggregation/base/line_form.h has it, and back.
std::string ToText(const Record& record);
Result<Record> RecordFromText(std::string_view text);

enum class Phase { kBackingOff, kConnecting, kWaiting, kWorking, kUploading, kReporting };

// The durable part: the task in hand, if any, and what came of it.
struct TaskInHand {
  std::optional<Task> task;
  std::optional<UpdateReady> update;
  int64_t last_ended = 0;  // sequence; a repeated task up to here is not done again
  int64_t round = 0;       // of the newest task
  Consent consent = Consent::kNone;
  Status Apply(const Record& record);  // changes nothing when it fails
  int64_t newest() const { return task ? task->sequence : last_ended; }  // sequence
  bool operator==(const TaskInHand&) const = default;
};

class Session {
 public:
  // DataLoss names the record that cannot be. The first ready takes up what was left undone.
  static Result<Session> Recover(SessionOptions options, std::span<const Record> records,
                                 TimePoint now);

  void Step(TimePoint now, const Event& event);
  Ready TakeReady();
  std::optional<TimePoint> NextDeadline() const;  // when to Step(now, TimeReached{}) at the latest

  Phase phase() const;
  Standing standing() const;
  bool is_connected() const { return link_ == Link::kUp; }
  const TaskInHand& in_hand() const { return in_hand_; }

 private:
  enum class Link { kDown, kConnecting, kUp };

  explicit Session(SessionOptions options) : options_(std::move(options)) {}

  void On(TimePoint now, const Connected&);
  void On(TimePoint now, const ConnectionLost& event);
  void On(TimePoint now, const TaskReceived& event);
  void On(TimePoint now, const WorkFinished& event);
  void On(TimePoint now, const WorkFailed& event);
  void On(TimePoint now, const WorkDeclined& event);
  void On(TimePoint now, const Approved&);
  void On(TimePoint now, const Left& event);
  void On(TimePoint now, const Uploaded& event);
  void On(TimePoint now, const Acknowledged& event);
  void On(TimePoint now, const Dismissed& event);
  void On(TimePoint now, const TimeReached&);

  bool IsInHand(int64_t sequence) const;
  void EndTask(TimePoint now, Reason reason);
  void SetUpdate(TimePoint now, UpdateReady update);
  void SendUpdate(TimePoint now);  // uploads it first where that is still to be done
  void SayHelloAgain(TimePoint now);
  void StandingChanged(TimePoint now);
  void SayAgainAfter(TimePoint now);
  Duration RetryDelay();
  void Emit(Record record);

  SessionOptions options_;
  TaskInHand in_hand_;
  Ready ready_;

  Link link_ = Link::kDown;
  bool is_uploaded_ = false;
  int64_t tries_ = 0;  // to connect, or to report, without an answer
  int64_t jitter_draws_ = 0;
  std::optional<TimePoint> timer_;
  Standing policy_ = Standing::kOpen;  // kOpen, kOutsidePolicy or kClosed
  std::optional<TimePoint> opens_at_;  // with kClosed
};

}  // namespace tributary::client
