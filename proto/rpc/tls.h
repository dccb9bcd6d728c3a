#pragma once
// TLS under gRPC: version 1.3 alone, certificates of the project at both ends, verified by
// privacy/crypto/verify.h. An identity is a directory of privacy/crypto/credentials.h; its files
// are looked at again every few seconds, so a renewed certificate needs no restart.

#include <grpcpp/grpcpp.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "privacy/crypto/credentials.h"

namespace tributary::rpc {

// What a peer showed in the handshake: its certificate, then the others. An error ends it.
using CheckPeer = std::function<Status(const privacy::Certificate& leaf,
                                       std::span<const privacy::Certificate> given)>;

// Servers. OpenSSL verifies a client's chain up to roots.pem before a byte of a call is read; who
// it is and what it may, each call asks again (coordinator/service/gate.h).
std::shared_ptr<grpc::ServerCredentials> ServerTls(const std::filesystem::path& identity,
                                                   bool asks_for_certificates);

// Callers. `identity` empty: without a certificate, for enrolment. `check` is called on gRPC's
// threads in every handshake; host names mean nothing here.
std::shared_ptr<grpc::ChannelCredentials> ChannelTls(const std::filesystem::path& identity,
                                                     CheckPeer check);

// A check against the roots of an identity, for a coordinator of `project`.
CheckPeer IsCoordinator(const std::filesystem::path& identity, std::string project);

// A certificate that verified is a coordinator's and nobody else's.
Status CheckCoordinator(const Result<privacy::PeerIdentity>& verified);

// The caller's own, as OpenCredentials, now.
Result<privacy::Credentials> OwnCredentials(const std::filesystem::path& identity);

int64_t UnixNow();

}  // namespace tributary::rpc
