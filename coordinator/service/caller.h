#pragma once
// Who calls, and the one table of who may call what.

#include <grpcpp/grpcpp.h>

#include <span>
#include <string>
#include <vector>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary::service {

struct Caller {
  std::string name;
  std::string role;      // "client", "viewer", "researcher", "officer", "admin"
  std::string address;   // for the audit log
  std::string serial;    // of its certificate; empty without TLS
  std::string identity;  // its Ed25519 key in hexadecimal; empty without TLS
};

struct Right {
  std::string_view method;  // "Service/Method"
  std::vector<std::string_view> roles;
  bool is_noted = false;  // in the audit log: it changes something, or takes a model out
};

// Every method of every service that asks for certificates. The roles are those of
// privacy-security.md 4.4; a role that is not named may nothing.
std::span<const Right> Rights();
std::span<const std::string_view> Roles();
bool IsNoted(std::string_view method);

// PERMISSION_DENIED, also for a method without a row.
Status Authorise(const Caller& caller, std::string_view method);

// "ipv4:10.1.2.3:4567", as gRPC names a peer, without the port.
std::string HostOf(const std::string& address);

grpc::Status ToGrpc(const Error& error);

}  // namespace tributary::service
