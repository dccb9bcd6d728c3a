#pragma once
// A coordinator and its clients as real processes over a small world, on loopback.

#include <memory>

#include "tests/coordinator/command/small_world.h"

namespace tributary {

using Settings = std::vector<std::string>;  // section.key=value

class LiveFederation {
 public:
  // `more` stands at the end of the coordinator's configuration.
  explicit LiveFederation(int clients, const std::string& more = "");

  void StartCoordinator(const std::vector<std::string>& variables = {});
  void StartClient(int number, const std::vector<std::string>& variables = {});
  void StartAll();

  // Submits federation.toml; returns the run's id. `more` are arguments of `submit`.
  std::string Submit(const Settings& settings, const std::string& token = "",
                     const std::vector<std::string>& more = {});
  // The same where the coordinator may be gone: the run's id, or nothing.
  std::string TrySubmit(const Settings& settings, const std::string& token,
                        const std::vector<std::string>& more = {});
  Outcome Ask(std::vector<std::string> arguments) const;  // with where the coordinator is
  // The bytes of the adapter that `export` writes of the run.
  std::string Adapter(const std::string& run) const;

  const SmallWorld& world() const { return world_; }
  StartedProgram& coordinator() { return *coordinator_; }
  StartedProgram& client(int number) { return *clients_.at(static_cast<size_t>(number)); }
  // All that the processes have said, for a failing test.
  std::string Said() const;

 private:
  SmallWorld world_;
  int port_ = 0;
  std::string digest_;
  std::unique_ptr<StartedProgram> coordinator_;
  std::vector<std::unique_ptr<StartedProgram>> clients_;
};

}  // namespace tributary
