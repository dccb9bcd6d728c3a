#pragma once
// tributary/v1/session.proto: the control stream.

#include "proto/message/kinds.h"

namespace tributary::proto {

struct AboutRequest {
  static constexpr std::string_view kName = "AboutRequest";
  static void Fields(auto&, auto&&) {}
  bool operator==(const AboutRequest&) const = default;
};

struct RunSeen {
  static constexpr std::string_view kName = "RunSeen";
  RunId run;
  int64_t round = 0;
  int64_t incarnation = 0;
  int64_t sequence = 0;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("round", m.round), f("incarnation", m.incarnation);
    f("sequence", m.sequence);
  }
  bool operator==(const RunSeen&) const = default;
};

struct Hello {
  static constexpr std::string_view kName = "Hello";
  int64_t major = kMajor, minor = kMinor;
  std::string program, numerics, torch, device, instruction_set;
  std::vector<RunSeen> seen;
  static void Fields(auto& m, auto&& f) {
    f("major", m.major), f("minor", m.minor), f("program", m.program), f("numerics", m.numerics);
    f("torch", m.torch), f("device", m.device), f("instruction_set", m.instruction_set);
    f("seen", m.seen);
  }
  bool operator==(const Hello&) const = default;
};

struct Heartbeat {
  static constexpr std::string_view kName = "Heartbeat";
  int64_t sent = 0;
  static void Fields(auto& m, auto&& f) { f("sent", m.sent); }
  bool operator==(const Heartbeat&) const = default;
};

struct Holds {
  static constexpr std::string_view kName = "Holds";
  RunId run;
  int64_t sequence = 0;
  static void Fields(auto& m, auto&& f) { f("run", m.run), f("sequence", m.sequence); }
  bool operator==(const Holds&) const = default;
};

struct Offer {
  static constexpr std::string_view kName = "Offer";
  RunId run;
  int64_t sequence = 0;
  Digest digest;
  int64_t weight = 0;
  std::vector<Metric> metrics;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("sequence", m.sequence), f("digest", m.digest), f("weight", m.weight);
    f("metrics", m.metrics);
  }
  bool operator==(const Offer&) const = default;
};

struct Failure {
  static constexpr std::string_view kName = "Failure";
  RunId run;
  int64_t sequence = 0;
  Reason reason = Reason::kFailed;
  std::string detail;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("sequence", m.sequence), f("reason", m.reason), f("detail", m.detail);
  }
  bool operator==(const Failure&) const = default;
};

struct Progress {
  static constexpr std::string_view kName = "Progress";
  RunId run;
  int64_t sequence = 0;
  std::string state;
  double share = 0;
  bool away = false;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("sequence", m.sequence), f("state", m.state), f("share", m.share);
    f("away", m.away);
  }
  bool operator==(const Progress&) const = default;
};

using ClientBody = std::variant<Hello, Heartbeat, Holds, Offer, Failure, Progress>;
struct ClientMessage {
  static constexpr std::string_view kName = "ClientMessage";
  ClientBody body;
  static void Fields(auto& m, auto&& f) { f("body", m.body); }
  bool operator==(const ClientMessage&) const = default;
};

struct Welcome {
  static constexpr std::string_view kName = "Welcome";
  int64_t minor = kMinor;
  int64_t incarnation = 0;
  std::string project, program;
  TimePoint time;
  static void Fields(auto& m, auto&& f) {
    f("minor", m.minor), f("incarnation", m.incarnation), f("project", m.project);
    f("program", m.program), f("time", m.time);
  }
  bool operator==(const Welcome&) const = default;
};

struct HeartbeatReply {
  static constexpr std::string_view kName = "HeartbeatReply";
  int64_t sent = 0;
  static void Fields(auto& m, auto&& f) { f("sent", m.sent); }
  bool operator==(const HeartbeatReply&) const = default;
};

struct Assignment {
  static constexpr std::string_view kName = "Assignment";
  RunId run;
  Digest plan;
  int64_t rank = 0;
  Task task;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("plan", m.plan), f("rank", m.rank), f("task", m.task);
  }
  bool operator==(const Assignment&) const = default;
};

struct Acknowledgement {
  static constexpr std::string_view kName = "Acknowledgement";
  RunId run;
  int64_t sequence = 0;
  static void Fields(auto& m, auto&& f) { f("run", m.run), f("sequence", m.sequence); }
  bool operator==(const Acknowledgement&) const = default;
};

struct Dismissal {
  static constexpr std::string_view kName = "Dismissal";
  RunId run;
  int64_t sequence = 0;
  Reason reason = Reason::kPending;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("sequence", m.sequence), f("reason", m.reason);
  }
  bool operator==(const Dismissal&) const = default;
};

struct RunEnd {
  static constexpr std::string_view kName = "RunEnd";
  RunId run;
  Reason reason = Reason::kPending;
  int64_t round = 0;
  Digest checkpoint;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("reason", m.reason), f("round", m.round), f("checkpoint", m.checkpoint);
  }
  bool operator==(const RunEnd&) const = default;
};

struct Goodbye {
  static constexpr std::string_view kName = "Goodbye";
  std::string why;
  Duration retry_after{0};
  static void Fields(auto& m, auto&& f) { f("why", m.why), f("retry_after", m.retry_after); }
  bool operator==(const Goodbye&) const = default;
};

using CoordinatorBody =
    std::variant<Welcome, HeartbeatReply, Assignment, Acknowledgement, Dismissal, RunEnd, Goodbye>;
struct CoordinatorMessage {
  static constexpr std::string_view kName = "CoordinatorMessage";
  CoordinatorBody body;
  static void Fields(auto& m, auto&& f) { f("body", m.body); }
  bool operator==(const CoordinatorMessage&) const = default;
};

}  // namespace tributary::proto
