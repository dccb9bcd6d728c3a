#include "coordinator/service/caller.h"

#include <algorithm>
#include <array>

namespace tributary::service {
namespace {

constexpr std::string_view kClient = "client", kViewer = "viewer", kResearcher = "researcher",
                           kOfficer = "officer", kAdmin = "admin";
constexpr bool kNoted = true;

const Right* Find(std::string_view method) {
  const auto rights = Rights();
  const auto it = std::find_if(rights.begin(), rights.end(),
                               [&](const Right& right) { return right.method == method; });
  return it == rights.end() ? nullptr : &*it;
}

}  // namespace

std::span<const std::string_view> Roles() {
  static constexpr std::array kRoles = {kClient, kViewer, kResearcher, kOfficer, kAdmin};
  return kRoles;
}

std::span<const Right> Rights() {
  static const std::vector<Right> table = {
      {"Session/Connect", {kClient}},
      {"Session/About", {kClient, kViewer, kResearcher, kOfficer, kAdmin}},
      {"Transfer/Upload", {kClient}},
      {"Transfer/Manifest", {kClient}},
      {"Transfer/Model", {kClient}},
      {"Transfer/Fetch", {kClient, kViewer, kResearcher, kOfficer, kAdmin}},
      {"Admin/Submit", {kResearcher, kAdmin}, kNoted},
      {"Admin/Control", {kResearcher, kAdmin}, kNoted},
      {"Admin/Backup", {kAdmin}, kNoted},
      {"Admin/Runs", {kViewer, kResearcher, kOfficer, kAdmin}},
      {"Admin/Status", {kViewer, kResearcher, kOfficer, kAdmin}},
      {"Admin/Watch", {kViewer, kResearcher, kOfficer, kAdmin}},
      {"Admin/Rounds", {kResearcher, kOfficer, kAdmin}},
      {"Admin/Clients", {kResearcher, kOfficer, kAdmin}},
      {"Admin/Logs", {kResearcher, kOfficer, kAdmin}},
      {"Admin/Export", {kViewer, kResearcher, kOfficer, kAdmin}, kNoted},
      {"Admin/Release", {kAdmin}, kNoted},
      {"Certificates/Renew", {kClient, kViewer, kResearcher, kOfficer, kAdmin}, kNoted},
      {"Certificates/Invite", {kAdmin}, kNoted},
      {"Certificates/Sign", {kAdmin}, kNoted},
      {"Certificates/List", {kOfficer, kAdmin}},
      {"Certificates/Approve", {kAdmin}, kNoted},
      {"Certificates/Revoke", {kAdmin}, kNoted},
      {"Health/Check", {kClient, kViewer, kResearcher, kOfficer, kAdmin}},
      {"Health/Watch", {kClient, kViewer, kResearcher, kOfficer, kAdmin}},
      {"ServerReflection/ServerReflectionInfo", {kViewer, kResearcher, kOfficer, kAdmin}},
  };
  return table;
}

bool IsNoted(std::string_view method) {
  const Right* right = Find(method);
  return right != nullptr && right->is_noted;
}

Status Authorise(const Caller& caller, std::string_view method) {
  const Right* right = Find(method);
  if (right == nullptr)
    return MakeError(Code::kPermissionDenied, "{} has no row in the table of rights", method);
  if (std::find(right->roles.begin(), right->roles.end(), caller.role) != right->roles.end())
    return {};
  return MakeError(Code::kPermissionDenied, "{} may not call {} as {}", caller.name, method,
                   caller.role.empty() ? "nobody" : caller.role);
}

std::string HostOf(const std::string& address) { return address.substr(0, address.rfind(':')); }

grpc::Status ToGrpc(const Error& error) {
  return {static_cast<grpc::StatusCode>(error.code), error.message};
}

}  // namespace tributary::service
