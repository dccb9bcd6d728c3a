#pragma once
// A caller's side of gRPC, blocking and in plain values. Any thread may call a channel; a stream's
// Read and Write may be called from two threads at once, and Cancel from any.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>

#include "proto/convert.h"
#include "proto/rpc/tls.h"

namespace tributary::rpc {

// Whom to call and as whom.
struct Endpoint {
  std::string address;             // "host:port"
  std::filesystem::path identity;  // the caller's (privacy/crypto/credentials.h); empty: none
  bool insecure = false;           // without TLS, to this machine only
  std::string name, role;          // said, not proved, on an insecure channel
  std::string proxy;               // "http://host:port" of an HTTP CONNECT proxy; empty: that of
                                   // the environment (https_proxy, no_proxy)
  CheckPeer check;                 // of the coordinator's certificate; none: that it is one of
                                   // the identity's project
};

class Stream;

class Channel {
 public:
  // Connects when it is first used. INVALID_ARGUMENT for an insecure address beyond loopback; as
  // OpenCredentials where the identity is not good.
  static Result<std::unique_ptr<Channel>> Open(const Endpoint& endpoint);

  // One request, one answer. `method` is "Service/Method". UNAVAILABLE names the address.
  template <typename Response, typename Request>
  Result<Response> Call(std::string_view method, const Request& request,
                        Duration timeout = std::chrono::seconds(30)) {
    auto answer = CallBytes(method, proto::Encode(request), timeout);
    if (!answer) return tl::unexpected(answer.error());
    return proto::Decode<Response>(*answer);
  }

  // A stream lasts until it is destroyed, or `timeout` is over where there is one.
  std::unique_ptr<Stream> Open(std::string_view method, std::optional<Duration> timeout = {});

  const std::filesystem::path& identity() const { return endpoint_.identity; }

 private:
  Channel(Endpoint endpoint, const std::shared_ptr<grpc::ChannelCredentials>& credentials);
  Result<std::string> CallBytes(std::string_view method, const std::string& request,
                                Duration timeout);
  void Prepare(grpc::ClientContext& context) const;
  Error FromGrpc(const grpc::Status& status) const;
  friend class Stream;

  const Endpoint endpoint_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
};

class Stream {
 public:
  ~Stream();  // cancels, and waits until gRPC has let go
  // Waits until gRPC has taken what was written before. False when the stream has ended; Finish
  // says why.
  template <typename Message>
  bool Write(const Message& message) {
    return WriteBytes(proto::Encode(message));
  }
  // UploadMessage{Chunk{offset, data}} without a copy of the data; `owner` keeps them until gRPC
  // has let go, which may be after the stream's end.
  bool WriteChunk(int64_t offset, std::span<const std::byte> data,
                  std::shared_ptr<const void> owner);
  void WritesDone();
  // Nothing when the stream has ended; Finish says why.
  template <typename Message>
  Result<std::optional<Message>> Read() {
    const std::optional<std::string> bytes = ReadBytes();
    if (!bytes) return std::optional<Message>();
    auto message = proto::Decode<Message>(*bytes);
    if (!message) return tl::unexpected(message.error());
    return std::optional<Message>(*std::move(message));
  }
  void Cancel();
  Status Finish();  // waits for the end

 private:
  friend class Channel;
  class Reactor;
  Stream(const Channel& channel, std::unique_ptr<Reactor> reactor);
  bool WriteBytes(const std::string& bytes);
  std::optional<std::string> ReadBytes();

  const Channel& channel_;
  std::unique_ptr<Reactor> reactor_;
};

}  // namespace tributary::rpc
