#include "coordinator/service/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include "coordinator/service/library_calls.h"
#include "proto/message.h"
#include "proto/rpc/library.h"
#include "proto/rpc/loopback.h"

namespace tributary::service {

namespace {

constexpr Duration kUnanswered = std::chrono::seconds(20);

int Milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

// What gRPC 1.51 can be told; the doorman does the rest.
void Limit(const daemon::Limits& limits, bool is_for_strangers, grpc::ServerBuilder& builder) {
  const int message = static_cast<int>(daemon::BytesOf(limits.message));
  builder.SetMaxReceiveMessageSize(message);
  builder.SetMaxSendMessageSize(static_cast<int>(proto::kMaxMessage));
  // Nothing of ours shrinks much, and what grows while it is unpacked is somebody's weapon.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  const auto set = [&](const char* name, int value) { builder.AddChannelArgument(name, value); };
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(limits.streams));
  set(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(daemon::BytesOf(limits.header)));
  set(GRPC_ARG_MAX_CONNECTION_AGE_MS,
      is_for_strangers ? 60'000 : Milliseconds(limits.connection_age));
  set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, is_for_strangers ? 10'000 : 600'000);
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Milliseconds(limits.handshake));
  set(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(limits.keepalive));
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(kUnanswered));
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, Milliseconds(limits.ping_interval));
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // What each connection keeps ready to read into; it grows with what comes.
  set(GRPC_ARG_TCP_READ_CHUNK_SIZE, 1024);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Gate& gate,
                                              std::span<grpc::Service* const> services) {
  if (options.credentials == nullptr && !rpc::IsLoopback(options.listen))
    return InvalidArgument(
        "listen = \"{}\": without TLS only loopback addresses are served, such "
        "as 127.0.0.1:7340",
        options.listen);
  rpc::UseLibrary();
  auto server = std::unique_ptr<Server>(new Server(gate, options.is_for_strangers));
  const daemon::Limits& limits = gate.limits();
  ASSIGN_OR_RETURN(server->doorman_,
                   Doorman::Open(options.listen,
                                 {limits.strangers, limits.strangers_per_address, limits.handshake,
                                  kUnanswered, options.is_for_strangers},
                                 gate.refusals()));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  server->acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      Type::FROM_FD, options.credentials ? options.credentials : grpc::InsecureServerCredentials());
  Limit(limits, options.is_for_strangers, builder);
  builder.SetResourceQuota(server->quota_);
  server->GrantMemory(0);
  for (grpc::Service* service : services) builder.RegisterService(service);
  if (options.credentials != nullptr) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> guards;
    guards.push_back(GuardLibraryCalls(gate));
    builder.experimental().SetInterceptorCreators(std::move(guards));
  }
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr)
    return MakeError(Code::kUnavailable, "gRPC does not serve {}", options.listen);
  server->LetIn();
  return server;
}

// gRPC keeps what a connection has once read into, some 2 MiB after an upload, until it has used up
// four fifths of its quota; then it reads in small pieces and gives back. A quota that idle
// connections alone fill would end some of them, so each open call brings its own.
void Server::GrantMemory(size_t open_calls) {
  constexpr size_t kEach = 64 * 1024;  // an idle connection with TLS takes some 30 KiB of the quota
  quota_.Resize(static_cast<size_t>(daemon::BytesOf(gate_.limits().memory)) + open_calls * kEach);
}

void Server::LetIn() {
  if (!is_for_strangers_) {
    gate_.SetDoorman(doorman_.get());
    gate_.OnOpenCalls([this](size_t open_calls) { GrantMemory(open_calls); });
  }
  doorman_->Start([this](int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  });
}

Server::~Server() { Stop(Duration{0}); }

void Server::Stop(Duration patience) {
  if (server_ == nullptr) return;
  doorman_->Stop();
  server_->Shutdown(std::chrono::system_clock::now() + patience);
  server_->Wait();
  if (!is_for_strangers_) {
    gate_.SetDoorman(nullptr);
    gate_.OnOpenCalls(nullptr);
  }
  server_.reset();
}

}  // namespace tributary::service
