#pragma once
// The operator's named connections: ~/.config/tributary/connections.toml (below $XDG_CONFIG_HOME
// where it is set), a table for each,
//   [default]
//   identity = "/srv/tributary/state/default/admin"
//   coordinator = "127.0.0.1:7340"   # when absent: the address kept beside the identity

#include <filesystem>
#include <map>
#include <string>

#include "aggregation/base/status.h"

namespace tributary::config {

struct Connection {
  std::filesystem::path identity;
  std::string coordinator;
};

// Empty where there is neither $XDG_CONFIG_HOME nor $HOME.
std::filesystem::path ConnectionsFile();

// None where there is no file. Errors name file and key.
Result<std::map<std::string, Connection>> ReadConnections(const std::filesystem::path& file);

// Enters an identity of a project, as "default" where there is none yet, else by the project's
// name; the others stay. The name; empty where there is no place for the file.
Result<std::string> EnterConnection(const std::filesystem::path& identity,
                                    const std::string& project);

}  // namespace tributary::config
