#pragma once
// What the commands share that ask a coordinator.

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "deploy/command.h"
#include "proto/rpc/channel.h"

namespace tributary {

struct RemoteOptions {
  std::string address, identity, connection = "default";
  bool insecure = false;
  bool json = false;
};

void AddRemoteOptions(CommandLine line, RemoteOptions* options);

// Whom they call and as whom.
Result<rpc::Endpoint> EndpointOf(const RemoteOptions& options);

// The identity is --identity's, else that of the named connection (coordinator/config/connections).
Result<std::unique_ptr<rpc::Channel>> OpenRemote(const RemoteOptions& options);

// Asks for a document and shows it: as it is, or by `print`.
template <typename Request>
Result<int> ShowAnswer(const RemoteOptions& options, std::string_view method,
                       const Request& request, void (*print)(const nlohmann::ordered_json&)) {
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options));
  ASSIGN_OR_RETURN(const auto document, channel->Call<proto::Document>(method, request));
  if (options.json) return fmt::print("{}\n", document.json.value), kDone;
  const auto json = ParseOrderedJson(document.json.value);
  print(json);
  if (const int64_t left_out = json.value("left_out", int64_t{0}); left_out > 0)
    fmt::print(stderr, "{} before these are left out\n", left_out);
  return kDone;
}

}  // namespace tributary
