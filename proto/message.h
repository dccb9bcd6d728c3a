#pragma once
// What travels between coordinator, clients and operators, as plain values: one struct for each
// message of tributary/v1/*.proto, with the same name and the same field names. PROTOCOL.md says
// who may say what when; convert.h makes bytes of them and checks every bound named here.

#include <string>
#include <variant>
#include <vector>

#include "aggregation/base/task.h"

namespace tributary::proto {

inline constexpr int64_t kMajor = 1, kMinor = 0;

// Limits of what a peer may send; more is INVALID_ARGUMENT.
inline constexpr size_t kMaxMessage = size_t{4} << 20;  // bytes of any message
inline constexpr size_t kMaxChunk = size_t{1} << 20;    // bytes of data in a chunk
inline constexpr size_t kMaxText = 1024;                // bytes of a string that is no document
inline constexpr size_t kMaxDocument = size_t{3} << 20;
inline constexpr size_t kMaxList = 16'384;  // entries of a list

// --- kinds of strings; a plain one is a line of text of at most kMaxText bytes ---

struct Bytes {  // at most kMaxChunk
  std::string value;
  bool operator==(const Bytes&) const = default;
};
struct Text {  // a document, at most kMaxDocument bytes
  std::string value;
  bool operator==(const Text&) const = default;
};

struct Document {
  static constexpr std::string_view kName = "Document";
  Text json;
  static void Fields(auto& m, auto&& f) { f("json", m.json); }
  bool operator==(const Document&) const = default;
};

// --- session ---

struct RunSeen {
  static constexpr std::string_view kName = "RunSeen";
  RunId run;
  int64_t round = 0;
  int64_t incarnation = 0;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("round", m.round), f("incarnation", m.incarnation);
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

// --- transfer ---

inline constexpr int64_t kSafetensorsSchema = 1;

struct UploadBegin {
  static constexpr std::string_view kName = "UploadBegin";
  RunId run;
  int64_t sequence = 0;
  Digest digest;
  int64_t size = 0;
  int64_t schema = kSafetensorsSchema;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("sequence", m.sequence), f("digest", m.digest), f("size", m.size);
    f("schema", m.schema);
  }
  bool operator==(const UploadBegin&) const = default;
};

struct Chunk {
  static constexpr std::string_view kName = "Chunk";
  int64_t offset = 0;
  Bytes data;
  static void Fields(auto& m, auto&& f) { f("offset", m.offset), f("data", m.data); }
  bool operator==(const Chunk&) const = default;
};

struct UploadMessage {
  static constexpr std::string_view kName = "UploadMessage";
  std::variant<UploadBegin, Chunk> body;
  static void Fields(auto& m, auto&& f) { f("body", m.body); }
  bool operator==(const UploadMessage&) const = default;
};

struct UploadState {
  static constexpr std::string_view kName = "UploadState";
  int64_t offset = 0;
  bool committed = false;
  static void Fields(auto& m, auto&& f) { f("offset", m.offset), f("committed", m.committed); }
  bool operator==(const UploadState&) const = default;
};

struct ManifestRequest {
  static constexpr std::string_view kName = "ManifestRequest";
  RunId run;
  Digest checkpoint;
  static void Fields(auto& m, auto&& f) { f("run", m.run), f("checkpoint", m.checkpoint); }
  bool operator==(const ManifestRequest&) const = default;
};

struct TensorEntry {
  static constexpr std::string_view kName = "TensorEntry";
  std::string name, dtype;
  std::vector<int64_t> shape;
  Digest digest;  // strategy::TensorDigest
  int64_t size = 0;
  static void Fields(auto& m, auto&& f) {
    f("name", m.name), f("dtype", m.dtype), f("shape", m.shape), f("digest", m.digest);
    f("size", m.size);
  }
  bool operator==(const TensorEntry&) const = default;
};

struct CheckpointManifest {
  static constexpr std::string_view kName = "CheckpointManifest";
  std::vector<TensorEntry> tensors;
  static void Fields(auto& m, auto&& f) { f("tensors", m.tensors); }
  bool operator==(const CheckpointManifest&) const = default;
};

struct FetchRequest {
  static constexpr std::string_view kName = "FetchRequest";
  RunId run;
  Digest checkpoint;
  std::vector<Digest> digests;
  int64_t offset = 0;
  static void Fields(auto& m, auto&& f) {
    f("run", m.run), f("checkpoint", m.checkpoint), f("digests", m.digests);
    f("offset", m.offset);
  }
  bool operator==(const FetchRequest&) const = default;
};

// --- admin ---

struct Submission {
  static constexpr std::string_view kName = "Submission";
  std::string token;
  Text plan, model_config;
  std::string name, designated;
  std::vector<std::string> where;
  static void Fields(auto& m, auto&& f) {
    f("token", m.token), f("plan", m.plan), f("model_config", m.model_config), f("name", m.name);
    f("designated", m.designated), f("where", m.where);
  }
  bool operator==(const Submission&) const = default;
};

struct RunRef {
  static constexpr std::string_view kName = "RunRef";
  RunId run;
  static void Fields(auto& m, auto&& f) { f("run", m.run); }
  bool operator==(const RunRef&) const = default;
};

struct RunsRequest {
  static constexpr std::string_view kName = "RunsRequest";
  static void Fields(auto&, auto&&) {}
  bool operator==(const RunsRequest&) const = default;
};

struct ControlRequest {
  static constexpr std::string_view kName = "ControlRequest";
  RunId run;
  std::string action;
  static void Fields(auto& m, auto&& f) { f("run", m.run), f("action", m.action); }
  bool operator==(const ControlRequest&) const = default;
};

struct ExportRequest {
  static constexpr std::string_view kName = "ExportRequest";
  RunId run;
  std::string round;
  static void Fields(auto& m, auto&& f) { f("run", m.run), f("round", m.round); }
  bool operator==(const ExportRequest&) const = default;
};

struct ExportManifest {
  static constexpr std::string_view kName = "ExportManifest";
  int64_t round = 0;
  Digest state;
  int64_t size = 0;
  Text plan, model_config, facts;
  static void Fields(auto& m, auto&& f) {
    f("round", m.round), f("state", m.state), f("size", m.size), f("plan", m.plan);
    f("model_config", m.model_config), f("facts", m.facts);
  }
  bool operator==(const ExportManifest&) const = default;
};

}  // namespace tributary::proto

// Every message that travels by itself, for what must exist for each of them.
#define TRIBUTARY_MESSAGES(X)                                                                  \
  X(ClientMessage)                                                                             \
  X(CoordinatorMessage)                                                                        \
  X(UploadMessage)                                                                             \
  X(UploadState) X(ManifestRequest) X(CheckpointManifest) X(FetchRequest) X(Chunk) X(Document) \
      X(Submission) X(RunRef) X(RunsRequest) X(ControlRequest) X(ExportRequest) X(ExportManifest)
