#pragma once
// A coordinator and its clients as real processes over a small world, on loopback: with TLS and
// certificates that were got as sites get them, or without.

#include <memory>

#include "tests/coordinator/command/small_world.h"

namespace tributary {

using Settings = std::vector<std::string>;  // section.key=value

class LiveFederation {
 public:
  enum class Security { kTls, kInsecure };
  // `more` stands in the coordinator's configuration, which is reached at `host`.
  explicit LiveFederation(int clients, const std::string& more = "",
                          Security security = Security::kTls,
                          const std::string& host = "127.0.0.1");

  void StartCoordinator(const std::vector<std::string>& variables = {});
  void StartClient(int number, const std::vector<std::string>& variables = {});
  void StartAll();

  static int FreePort();  // that nobody had a moment ago

  // An administrator's invitation, taken by the client.
  void Join(int number);
  std::string Invite(const std::string& name, const Settings& options = {});

  // Submits federation.toml; returns the run's id. `more` are arguments of `submit`.
  std::string Submit(const Settings& settings, const std::string& token = "",
                     const std::vector<std::string>& more = {});
  // The same where the coordinator may be gone: the run's id, or nothing.
  std::string TrySubmit(const Settings& settings, const std::string& token,
                        const std::vector<std::string>& more = {});
  Outcome Ask(std::vector<std::string> arguments) const;  // with where the coordinator is
  // The bytes of the adapter that `export` writes of the run.
  std::string Adapter(const std::string& run) const;

  std::string address() const;  // of the coordinator
  int port() const { return port_; }
  int enrolment_port() const { return enrolment_port_; }
  const SmallWorld& world() const { return world_; }
  StartedProgram& coordinator() { return *coordinator_; }
  StartedProgram& client(int number) { return *clients_.at(static_cast<size_t>(number)); }
  // All that the processes have said, for a failing test.
  std::string Said() const;

 private:
  Outcome AskToSubmit(const Settings& settings, const std::string& token,
                      const std::vector<std::string>& more);
  std::vector<std::string> Command(const char* name, const std::string& file) const;
  SmallWorld world_;
  const bool is_secure_;
  const std::string host_;
  int port_ = 0, enrolment_port_ = 0;
  std::string digest_;
  std::unique_ptr<StartedProgram> coordinator_;
  std::vector<std::unique_ptr<StartedProgram>> clients_;
};

}  // namespace tributary
