#pragma once
// An edge client: the thread that owns its sessions, the link to the coordinator, the work and the
// uploads. One session machine (client/core) for each run, and one for the link itself.
//
// Threads: the driver's (this class), one that reads the link, one that writes to it, one that
// uploads, and the worker's. They speak to the driver through its queue.

#include <condition_variable>
#include <deque>
#include <map>

#include "aggregation/base/busy_clock.h"
#include "aggregation/base/worker_pool.h"
#include "client/core/session.h"
#include "client/edge/renewal.h"
#include "client/edge/request_box.h"
#include "client/edge/sent_log.h"
#include "client/edge/view.h"
#include "client/edge/worker.h"
#include "coordinator/store/sqlite_store.h"
#include "proto/http/server.h"

namespace tributary::edge {

// The link's own session, and the names of a run's facts in the store.
inline const RunId kLink{""};
inline constexpr std::string_view kAssignment = "assignment", kEnded = "ended",
                                  kIncarnation = "incarnation", kKept = "kept";

class Edge {
 public:
  // The log outlives the client.
  static Result<std::unique_ptr<Edge>> Start(Settings settings, bool insecure, Log& log);
  ~Edge();  // stops within a step; what is durable goes on at the next start

  std::optional<int> http_port() const;
  // How long the thread that owns the sessions has been at what it does now.
  Duration busy() const { return busy_.Passed(); }

 private:
  struct RunSession {
    std::optional<client::Session> session;
    Digest plan;
    int64_t rank = 0;
    std::string detail;                               // of the last failure
    client::Standing said = client::Standing::kOpen;  // the last that is in the sent log
    int64_t incarnation = 0;           // of the coordinator that gave the newest task
    std::string step, last;            // of the task in hand; how the one before it ended
    TaskKind kind = TaskKind::kTrain;  // of the newest task that was begun here
    TimePoint since;                   // when it was
  };

  Edge(Settings settings, Log& log);
  Status Open(bool insecure);
  Status DescribeSelf();
  Status OpenChannel(bool insecure);
  Status Recover();
  Status AddRun(const RunId& run, std::span<const client::Record> records);
  Status TakeUp(const RunId& run);
  void End(const RunId& run);
  Status KeepAdapter(const RunId& run);
  void Worked(const Job& job, const Done& done);
  void Ended(const proto::RunEnd& end);
  std::vector<proto::RunSeen> Seen() const;

  void Post(std::function<void()> task);
  void Drive();
  TimePoint Now() const;

  void Step(const RunId& run, const client::Event& event);
  void StepAll(const client::Event& event);
  [[noreturn]] void EndAtOnce(const Error& why);
  void Pump(const RunId& run, RunSession& session);
  static std::string DetailOf(const RunSession& run);
  void CarryOut(const RunId& run, RunSession& session, const client::Command& command);
  void Report(const RunId& run, const RunSession& session, const client::UpdateReady& update);
  void SayStanding(const RunId& run, RunSession& session, client::Standing standing);

  void Dial();
  void ReadLink(std::shared_ptr<rpc::Stream> stream);
  void Say(proto::ClientBody message);
  void Hear(const proto::CoordinatorBody& message);
  void Take(const proto::Assignment& assignment);
  Status Begin(const proto::Assignment& assignment);
  void Welcomed(std::shared_ptr<rpc::Stream> stream, const proto::Welcome& welcome);
  void UploadUpdate(const RunId& run, const client::Upload& upload);
  bool IsInHand(const RunId& run, int64_t sequence) const;
  Status SendBytes(const RunId& run, const client::Upload& upload, const Task& task,
                   std::stop_token stop);

  void NotLogged(const Error& why);
  void TakeRequests();
  Result<std::string> Obey(const Request& request);  // what was done

  Status OpenHttp();
  View Look() const;
  Result<std::string> Ask(std::function<std::string()> make);
  http::Answer Serve(std::string_view path);

  const Settings settings_;
  Log& log_;
  std::string name_, address_;  // of the site, of the coordinator
  std::string project_;         // by the last welcome
  proto::Hello self_;           // but for what was seen
  const RequestBox requests_;
  std::unique_ptr<store::SqliteStateStore> states_;
  std::optional<SentLog> sent_;
  std::unique_ptr<rpc::Channel> channel_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::shared_ptr<rpc::Stream> dialled_;  // the link, from its first byte on
  bool stopping_ = false;

  std::map<RunId, RunSession> runs_;  // the link's own under an empty name
  std::map<RunId, proto::RunSeen> ended_;
  int64_t incarnation_ = 0;  // of the coordinator, by its last welcome
  std::shared_ptr<rpc::Stream> link_;
  TimePoint link_changed_;
  Duration goodbye_{0};  // how long the coordinator has asked to be left alone
  Metrics metrics_;
  Traffic traffic_;
  std::map<RunId, std::stop_source> uploading_;  // at most one upload of each
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Renewal> renewal_;
  std::unique_ptr<WorkerPool> reader_, writer_, uploader_;
  BusyClock busy_;
  std::thread thread_;
  std::unique_ptr<http::Server> http_;  // asks the thread
};

}  // namespace tributary::edge
