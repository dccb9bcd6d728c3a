#pragma once
// A client as the coordinator sees it: the session machine, the transfers and the TLS of the
// product; instead of training it makes an update up. One thread each, and one that all share for
// the time. It does not come back: a connection that ends early counts as lost.

#include <barrier>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "client/core/session.h"
#include "client/edge/tensor_cache.h"
#include "client/edge/transfer.h"
#include "deploy/bench/service.d/made_up.h"

namespace tributary::bench {

struct PeerOptions {
  std::filesystem::path identity;      // names the coordinator, too
  std::string insecure;                // its address, to go without TLS
  std::filesystem::path directory;     // of its outbox and its cache
  std::filesystem::path model_config;  // the base model's
  int64_t salt = 0;                    // of its updates
  bool fetches = true;                 // the checkpoint, before it makes an update up
  bool offers = true;                  // what it has uploaded
  std::barrier<>* together = nullptr;  // waits here before it uploads
};

struct PeerFigures {
  int64_t accepted = 0, dismissed = 0, failed = 0;
  std::vector<Duration> replies;  // of heartbeats
  std::vector<Duration> uploads;  // from the first byte to the commit
  bool is_lost = false, has_ended = false;
};

class Peer {
 public:
  // Returns when the coordinator has said welcome.
  static Result<std::unique_ptr<Peer>> Dial(PeerOptions options);
  ~Peer();

  // A heartbeat whose answer is timed, and what the machines have to say by now.
  void Beat();
  PeerFigures figures() const;

 private:
  struct RunSession {
    client::Session session;
    std::optional<MadeUp> made_up;
    Digest plan;
    int64_t rank = 0;
  };

  explicit Peer(PeerOptions options) : options_(std::move(options)) {}
  Status Open();
  Result<RunSession*> SessionOf(const RunId& run);
  void Listen();
  void Say(proto::ClientBody message);
  Status Hear(const proto::CoordinatorBody& message);
  Status Take(const proto::Assignment& assignment);
  void Step(const RunId& run, const client::Event& event);
  Status CarryOut(const RunId& run, RunSession& session, const client::Command& command);
  Status Work(const RunId& run, RunSession& session, const Task& task);
  Status Send(const RunId& run, const client::Upload& upload);
  std::filesystem::path Outbox(int64_t sequence) const;

  const PeerOptions options_;
  std::string name_;
  std::unique_ptr<rpc::Channel> channel_;
  edge::Traffic traffic_;
  std::unique_ptr<rpc::Stream> stream_;
  std::optional<edge::TensorCache> cache_;

  std::mutex saying_;
  mutable std::mutex mutex_;
  std::map<RunId, RunSession> runs_;
  std::vector<std::pair<RunId, client::Command>> work_;  // for the peer's own thread
  PeerFigures figures_;
  bool is_leaving_ = false;
  std::thread thread_;
};

}  // namespace tributary::bench
