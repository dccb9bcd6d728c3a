#include "coordinator/command/remote.h"

namespace tributary {

void AddRemoteOptions(CLI::App& app, RemoteOptions* options) {
  app.add_option("--coordinator", options->address, "Its address, host:port")
      ->envname("TRIBUTARY_COORDINATOR");
  app.add_flag("--insecure", options->insecure, "Call without TLS, on a loopback address only");
  app.add_option_function<std::string>(
         "--format", [options](const std::string& format) { options->json = format == "json"; },
         "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

Result<std::unique_ptr<rpc::Channel>> OpenRemote(const RemoteOptions& options) {
  return rpc::Channel::Open({options.address, options.insecure, "operator", "admin"});
}

}  // namespace tributary
