#pragma once
// All runs of a project and the clients that take part in them: what each message and each request
// means. Owned by the driver's thread, which passes the time; it blocks on nothing but the store.
// Work that takes long goes to `Surroundings::Work` and comes back as a call on the driver's
// thread.

#include <set>

#include "coordinator/daemon/limits.h"
#include "coordinator/daemon/registry.h"
#include "coordinator/daemon/run.h"

namespace tributary::daemon {

// How the federation reaches the world. Both ends of Work: `work` on any thread, and what it
// returns on the driver's.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  virtual TimePoint Now() = 0;
  virtual void Send(const ClientId& client, proto::CoordinatorMessage message) = 0;
  virtual void Work(std::function<std::function<void()>()> work) = 0;
  virtual void Changed(const RunId& run) = 0;
  virtual void Point(std::string_view name) = 0;
  virtual Observer& observer() = 0;
};

struct FederationOptions {
  std::string project = "default";
  std::filesystem::path directory;  // of the project's state
  Retention retention;
  Limits limits;
  bool enrol_on_sight = false;  // without certificates: whoever connects belongs to it
};

class Federation : private Effects {
 public:
  // Takes up every run that the store knows. Errors name the run or the file.
  static Result<std::unique_ptr<Federation>> Open(FederationOptions options,
                                                  store::StateStore& states,
                                                  store::UploadStore& uploads,
                                                  Surroundings& surroundings);

  // A client of the project from now on, with an administrator's tags.
  Status Enrol(const ClientId& client, Tags tags);

  // --- clients; `client` is the certificate's name ---
  // `host` is where it connects from; a client that is connected already loses that connection.
  Result<proto::Welcome> Connected(const ClientId& client, const proto::Hello& hello,
                                   const std::string& host);
  void Disconnected(const ClientId& client);
  void OnMessage(const ClientId& client, proto::ClientBody message);
  // Whether this client may send that upload; called before its first byte. FAILED_PRECONDITION:
  // nobody waits for it now; PERMISSION_DENIED: not from this client; ALREADY_EXISTS: other bytes
  // were accepted; INVALID_ARGUMENT: such a one cannot be right.
  Status Admits(const ClientId& client, const proto::UploadBegin& upload) const;
  Status CheckQuarantine(const ClientId& client) const;
  // Bytes of an upload that cannot count: as a rejected update, but the task stays open.
  void RejectUpload(const ClientId& client, const RunId& run, const Error& why);

  // Its certificates hold no more: what it has sent and is not accepted is dropped, nobody waits
  // for it. What was accepted remains.
  void Revoked(const ClientId& client);

  // --- operators ---
  Result<RunId> Submit(proto::Submission submission);
  Status Control(const RunId& run, std::string_view action);  // pause, resume, stop
  Status Release(const ClientId& client);                     // from quarantine
  Result<Run*> RunOf(const RunId& run) const;
  const std::map<RunId, std::unique_ptr<Run>>& runs() const { return runs_; }
  const Registry& registry() const { return registry_; }
  const FederationOptions& options() const { return options_; }
  int64_t incarnation() const { return incarnation_; }
  // Clients that take part in the run, by name.
  std::vector<ClientId> ClientsOf(const Run& run) const;
  // Whether the run may count on this client: connected, and not away of its own will.
  bool IsThere(const Run& run, const ClientId& client) const;

  // --- time ---
  std::optional<TimePoint> NextDeadline() const;
  void OnTime();

 private:
  Federation(FederationOptions options, store::StateStore& states, store::UploadStore& uploads,
             Surroundings& surroundings, Registry registry)
      : options_(std::move(options)),
        states_(states),
        uploads_(uploads),
        around_(surroundings),
        registry_(std::move(registry)) {}

  Status OpenRuns();
  Status HeedRestore(Run& run);
  void HeedSeen(Run& run, const ClientId& client, const proto::Hello& hello);
  Result<Run*> AddRun(RunSetup setup);
  void Populate(Run& run);
  void Describe(Run& run, const ClientId& client, const proto::Hello& hello);
  bool TakesPart(const Run& run, const ClientId& client) const;
  Status Greet(const ClientId& client, const proto::Hello& hello);
  void Heed(Run& run, const ClientId& client, const proto::Progress& message);
  void Offered(Run& run, const ClientId& client, proto::Offer offer);
  void Reject(Run& run, const ClientId& client, const Error& why);
  void EndParts(const ClientId& client, Reason reason);

  void On(const ClientId& client, const proto::Holds& message);
  void On(const ClientId& client, const proto::Offer& message);
  void On(const ClientId& client, const proto::Failure& message);
  void On(const ClientId& client, const proto::Progress& message);
  void On(const ClientId& client, const proto::Heartbeat& message);
  void On(const ClientId& client, const proto::Hello& message);

  void Send(const ClientId& client, proto::CoordinatorBody message) override;
  void Fold(Run& run, const coordinator::FinishAggregate& command) override;
  void Changed(Run& run) override;
  void Point(std::string_view name) override { around_.Point(name); }
  Observer& observer() override { return around_.observer(); }

  const FederationOptions options_;
  store::StateStore& states_;
  store::UploadStore& uploads_;
  Surroundings& around_;
  Registry registry_;
  std::map<RunId, std::unique_ptr<Run>> runs_;
  std::map<std::string, RunId> by_token_;
  std::set<std::pair<RunId, ClientId>> looked_at_;  // whose update is being looked at
  int64_t incarnation_ = 1;
};

}  // namespace tributary::daemon
