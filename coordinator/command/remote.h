#pragma once
// What the commands share that ask a coordinator.

#include "deploy/command.h"
#include "proto/rpc/channel.h"

namespace tributary {

struct RemoteOptions {
  std::string address = "127.0.0.1:7340";
  bool insecure = false;
  bool json = false;
};

void AddRemoteOptions(CLI::App& app, RemoteOptions* options);
Result<std::unique_ptr<rpc::Channel>> OpenRemote(const RemoteOptions& options);

}  // namespace tributary
