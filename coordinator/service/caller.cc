#include "coordinator/service/caller.h"

#include <algorithm>
#include <array>

namespace tributary::service {
namespace {

constexpr std::string_view kClient = "client", kViewer = "viewer", kResearcher = "researcher",
                           kOfficer = "officer", kAdmin = "admin";

}  // namespace

std::span<const std::string_view> Roles() {
  static constexpr std::array kRoles = {kClient, kViewer, kResearcher, kOfficer, kAdmin};
  return kRoles;
}

std::span<const Right> Rights() {
  static const std::vector<Right> table = {
      {"Session/Connect", {kClient}},
      {"Transfer/Upload", {kClient}},
      {"Transfer/Manifest", {kClient}},
      {"Transfer/Fetch", {kClient, kViewer, kResearcher, kAdmin}},
      {"Admin/Submit", {kResearcher, kAdmin}},
      {"Admin/Control", {kResearcher, kAdmin}},
      {"Admin/Runs", {kViewer, kResearcher, kOfficer, kAdmin}},
      {"Admin/Status", {kViewer, kResearcher, kOfficer, kAdmin}},
      {"Admin/Watch", {kViewer, kResearcher, kOfficer, kAdmin}},
      {"Admin/Rounds", {kViewer, kResearcher, kOfficer, kAdmin}},
      {"Admin/Clients", {kResearcher, kOfficer, kAdmin}},
      {"Admin/Export", {kViewer, kResearcher, kAdmin}},
      {"Certificates/Renew", {kClient, kViewer, kResearcher, kOfficer, kAdmin}},
      {"Certificates/Invite", {kAdmin}},
      {"Certificates/Sign", {kAdmin}},
      {"Certificates/List", {kOfficer, kAdmin}},
      {"Certificates/Approve", {kAdmin}},
      {"Certificates/Revoke", {kAdmin}},
  };
  return table;
}

Status Authorise(const Caller& caller, std::string_view method) {
  for (const Right& right : Rights()) {
    if (right.method != method) continue;
    if (std::find(right.roles.begin(), right.roles.end(), caller.role) != right.roles.end())
      return {};
    return MakeError(Code::kPermissionDenied, "{} may not call {} as {}", caller.name, method,
                     caller.role.empty() ? "nobody" : caller.role);
  }
  return MakeError(Code::kPermissionDenied, "{} has no row in the table of rights", method);
}

grpc::Status ToGrpc(const Error& error) {
  return {static_cast<grpc::StatusCode>(error.code), error.message};
}

}  // namespace tributary::service
