#include "coordinator/service/caller.h"

#include <algorithm>
#include <span>

#include "aggregation/base/name.h"

namespace tributary::service {
namespace {

struct Row {
  std::string_view method;
  std::vector<std::string_view> roles;
};

std::span<const Row> Table() {
  static const std::vector<Row> table = {
      {"Session/Connect", {"client"}},
      {"Transfer/Upload", {"client"}},
      {"Transfer/Manifest", {"client"}},
      {"Transfer/Fetch", {"client", "viewer", "researcher", "admin"}},
      {"Admin/Submit", {"researcher", "admin"}},
      {"Admin/Control", {"researcher", "admin"}},
      {"Admin/Runs", {"viewer", "researcher", "admin"}},
      {"Admin/Status", {"viewer", "researcher", "admin"}},
      {"Admin/Watch", {"viewer", "researcher", "admin"}},
      {"Admin/Rounds", {"viewer", "researcher", "admin"}},
      {"Admin/Clients", {"researcher", "admin"}},
      {"Admin/Export", {"viewer", "researcher", "admin"}},
  };
  return table;
}

std::string Metadata(const grpc::ServerContextBase& context, const std::string& key) {
  const auto it = context.client_metadata().find(key);
  return it == context.client_metadata().end() ? ""
                                               : std::string(it->second.data(), it->second.size());
}

Result<Caller> CallerOf(const grpc::ServerContextBase& context, bool is_secure) {
  Caller caller;
  caller.address = context.peer();
  if (is_secure) return MakeError(Code::kUnauthenticated, "no certificate");
  caller.name = Metadata(context, "tributary-name");
  caller.role = Metadata(context, "tributary-role");
  RETURN_IF_ERROR(CheckName("tributary-name", caller.name));
  return caller;
}

Status Authorise(const Caller& caller, std::string_view method) {
  for (const Row& row : Table()) {
    if (row.method != method) continue;
    if (std::find(row.roles.begin(), row.roles.end(), caller.role) != row.roles.end()) return {};
    return MakeError(Code::kPermissionDenied, "{} may not call {} as {}", caller.name, method,
                     caller.role.empty() ? "nobody" : caller.role);
  }
  return MakeError(Code::kPermissionDenied, "{} has no row in the table of rights", method);
}

}  // namespace

Result<Caller> Admit(const grpc::ServerContextBase& context, std::string_view method,
                     bool is_secure) {
  ASSIGN_OR_RETURN(Caller caller, CallerOf(context, is_secure));
  RETURN_IF_ERROR(Authorise(caller, method));
  return caller;
}

grpc::Status ToGrpc(const Error& error) {
  return {static_cast<grpc::StatusCode>(error.code), error.message};
}

}  // namespace tributary::service
