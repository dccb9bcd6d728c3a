#pragma once
// The clients of a project: who is enrolled, with which tags, who is in quarantine, who is
// connected and what it said of itself. Names, tags, rejections and quarantine are kept in the
// store; the rest is of this process. Owned by the driver's thread.

#include <optional>

#include "coordinator/daemon/limits.h"
#include "coordinator/daemon/submission.h"
#include "coordinator/store/state_store.h"

namespace tributary::daemon {

struct Client {
  Tags tags;
  bool is_connected = false;
  TimePoint since;                    // of the connection, or of its end
  std::optional<proto::Hello> hello;  // of the last connection
  std::optional<proto::Progress> progress;
  std::map<RunId, std::string> away;    // runs of which it takes no tasks, and why; its own words
  std::string last_failure;             // its own words
  std::string host;                     // from where it is connected
  std::vector<TimePoint> rejected;      // updates, the newest last; within the window
  std::optional<TimePoint> quarantine;  // since when
};

class Registry {
 public:
  // Reads what the store has.
  static Result<Registry> Open(store::StateStore& store);

  // Enrols a client, or replaces its tags.
  Status Enrol(const ClientId& name, Tags tags);

  // An update of an enrolled client was rejected. True: so many were that it is in quarantine from
  // now on.
  Result<bool> Reject(const ClientId& name, TimePoint now, const Limits& limits);
  // Ends the quarantine and forgets the rejections. NOT_FOUND, or FAILED_PRECONDITION where there
  // is none.
  Status Release(const ClientId& name);

  Client* Find(const ClientId& name);
  const Client* Find(const ClientId& name) const;
  const std::map<ClientId, Client>& clients() const { return clients_; }

  // Who satisfies a run's filter and is not its designated client; sorted by name.
  std::vector<ClientId> Eligible(const Tags& where, std::string_view designated,
                                 bool only_connected) const;

 private:
  explicit Registry(store::StateStore& store) : store_(&store) {}
  Status ReadRejections();
  Status KeepRejections(const ClientId& name);
  store::StateStore* store_;
  std::map<ClientId, Client> clients_;
};

}  // namespace tributary::daemon
