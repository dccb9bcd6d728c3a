#include "coordinator/command/remote.h"

#include "coordinator/config/connections.h"

namespace tributary {
namespace {

Status Resolve(const RemoteOptions& options, rpc::Endpoint* endpoint) {
  if (options.identity.empty()) {
    const std::filesystem::path file = config::ConnectionsFile();
    ASSIGN_OR_RETURN(const auto connections, config::ReadConnections(file));
    const auto found = connections.find(options.connection);
    if (found == connections.end())
      return MakeError(Code::kNotFound,
                       "{}: has no connection \"{}\"; `tributary certs init` or `tributary client "
                       "join` make one, --identity DIR goes without",
                       file.string(), options.connection);
    endpoint->identity = found->second.identity;
    if (endpoint->address.empty()) endpoint->address = found->second.coordinator;
  } else {
    endpoint->identity = options.identity;
  }
  if (endpoint->address.empty()) endpoint->address = privacy::CoordinatorOf(endpoint->identity);
  if (endpoint->address.empty())
    return InvalidArgument("--coordinator HOST:PORT is missing, and {} names no address",
                           endpoint->identity.string());
  return {};
}

}  // namespace

void AddRemoteOptions(CommandLine line, RemoteOptions* options) {
  line.Option("--coordinator", options->address, "Its address, host:port")
      .Environment("TRIBUTARY_COORDINATOR");
  line.Option("--identity", options->identity, "Directory of your keys and certificate")
      .Environment("TRIBUTARY_IDENTITY");
  line.Option("--connection", options->connection,
              "A connection of ~/.config/tributary/connections.toml")
      .Environment("TRIBUTARY_CONNECTION");
  line.Flag("--insecure", options->insecure, "Call without TLS, on a loopback address only");
  AddFormat(line, &options->json);
}

Result<rpc::Endpoint> EndpointOf(const RemoteOptions& options) {
  rpc::Endpoint endpoint;
  endpoint.address = options.address;
  endpoint.insecure = options.insecure;
  if (options.insecure) {
    endpoint.name = "operator";
    endpoint.role = "admin";
    if (endpoint.address.empty()) endpoint.address = "127.0.0.1:7340";
  } else {
    RETURN_IF_ERROR(Resolve(options, &endpoint));
  }
  return endpoint;
}

Result<std::unique_ptr<rpc::Channel>> OpenRemote(const RemoteOptions& options) {
  ASSIGN_OR_RETURN(const rpc::Endpoint endpoint, EndpointOf(options));
  return rpc::Channel::Open(endpoint);
}

}  // namespace tributary
