#pragma once
// What the commands share that ask a coordinator.

#include "deploy/command.h"
#include "proto/rpc/channel.h"

namespace tributary {

struct RemoteOptions {
  std::string address, identity, connection = "default";
  bool insecure = false;
  bool json = false;
};

void AddRemoteOptions(CLI::App& app, RemoteOptions* options);

// The identity is --identity's, else that of the named connection (coordinator/config/connections).
Result<std::unique_ptr<rpc::Channel>> OpenRemote(const RemoteOptions& options);

}  // namespace tributary
