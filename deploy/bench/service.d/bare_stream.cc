#include "deploy/bench/service.d/bare_stream.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <future>

#include "aggregation/base/file.h"
#include "proto/rpc/tls.h"

namespace tributary::bench {
namespace {

constexpr size_t kChunk = size_t{1} << 20;

class Discarding : public grpc::ServerGenericBidiReactor {
 public:
  Discarding() { StartRead(&in_); }
  void OnReadDone(bool ok) override {
    in_.Clear();
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&in_);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer in_;
};

class Discard : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Discarding();
  }
};

// Without a copy: the slices are the file's.
class Sending : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit Sending(std::span<const std::byte> bytes) : rest_(bytes) {}
  grpc::ClientContext context;
  grpc::Status Run() {
    Next();
    StartCall();
    return done_.get_future().get();
  }
  void OnWriteDone(bool ok) override {
    if (ok) Next();
  }
  void OnDone(const grpc::Status& status) override { done_.set_value(status); }

 private:
  void Next() {
    if (rest_.empty()) return StartWritesDone();
    const auto part = rest_.first(std::min(kChunk, rest_.size()));
    rest_ = rest_.subspan(part.size());
    const grpc::Slice slice(part.data(), part.size(), grpc::Slice::STATIC_SLICE);
    out_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&out_);
  }
  std::span<const std::byte> rest_;
  grpc::ByteBuffer out_;
  std::promise<grpc::Status> done_;
};

}  // namespace

Status ServeBareStreams(const std::filesystem::path& identity) {
  Discard discard;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", rpc::ServerTls(identity, true), &port);
  builder.RegisterCallbackGenericService(&discard);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return MakeError(Code::kUnavailable, "127.0.0.1: cannot listen");
  fmt::print("{}\n", port);
  std::fflush(stdout);
  server->Wait();
  return {};
}

Result<double> SendBareStream(const std::filesystem::path& identity, int port,
                              const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(const MappedFile bytes, MappedFile::Open(file));
  ASSIGN_OR_RETURN(const auto own, rpc::OwnCredentials(identity));
  const auto channel = grpc::CreateChannel(
      fmt::format("127.0.0.1:{}", port),
      rpc::ChannelTls(identity, rpc::IsCoordinator(identity, own.identity.project)));
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20)))
    return MakeError(Code::kUnavailable, "127.0.0.1:{}: cannot connect", port);
  grpc::GenericStub stub(channel);
  Sending sending(bytes.bytes());
  stub.PrepareBidiStreamingCall(&sending.context, "/bench/Discard", grpc::StubOptions(), &sending);
  const auto began = std::chrono::steady_clock::now();
  const grpc::Status status = sending.Run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (!status.ok()) return MakeError(Code::kUnavailable, "{}", status.error_message());
  return took.count();
}

}  // namespace tributary::bench
