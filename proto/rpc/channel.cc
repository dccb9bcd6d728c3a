#include "proto/rpc/channel.h"

#include <condition_variable>
#include <mutex>

#include "proto/rpc/bytes.h"
#include "proto/rpc/library.h"
#include "proto/rpc/loopback.h"

namespace tributary::rpc {
namespace {

std::string Path(std::string_view method) { return "/tributary.v1." + std::string(method); }

grpc::ChannelArguments Arguments(const Endpoint& endpoint) {
  grpc::ChannelArguments arguments;
  if (!endpoint.proxy.empty()) arguments.SetString(GRPC_ARG_HTTP_PROXY, endpoint.proxy);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(proto::kMaxMessage));
  arguments.SetMaxSendMessageSize(static_cast<int>(proto::kMaxMessage));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // Our own back-off decides when to dial again.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return arguments;
}

}  // namespace

// Turns callbacks into waiting. The Stream destroys it, after OnDone and on its caller's thread:
// the context may hold the last reference to gRPC's channel, whose end one of gRPC's own threads
// would wait for itself to see.
class Stream::Reactor : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  grpc::ClientContext context;

  void Begin() {
    AddHold();  // Read and Write come from outside of callbacks
    StartCall();
  }
  // One message is on its way and one waits behind it, so that the line never idles between two.
  bool Write(grpc::ByteBuffer bytes) {
    std::unique_lock lock(mutex_);
    if (is_released_ || is_broken_) return false;
    next_ = std::move(bytes);
    if (!is_writing_) WriteNext();
    changed_.wait(lock, [this] { return !next_; });
    return !is_broken_;
  }
  void EndWrites() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !is_writing_; });
    if (!is_released_ && !is_broken_) StartWritesDone();
  }
  std::optional<std::string> Read() {
    std::unique_lock lock(mutex_);
    if (is_released_ || is_read_out_) return std::nullopt;
    is_reading_ = true;
    StartRead(&in_);
    changed_.wait(lock, [this] { return !is_reading_; });
    if (is_read_out_) return std::nullopt;
    return ToBytes(in_);
  }
  grpc::Status Wait() {
    Release();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_done_; });
    return status_;
  }
  // From here on no operation may begin: without a hold OnDone may come at any time, and what is
  // begun after it never ends.
  void Release() {
    const std::scoped_lock lock(mutex_);
    if (!std::exchange(is_released_, true)) RemoveHold();
  }

  void OnWriteDone(bool ok) override {
    const std::scoped_lock lock(mutex_);
    is_writing_ = false;
    is_broken_ |= !ok;
    if (is_broken_) next_.reset();
    if (next_) WriteNext();
    changed_.notify_all();
  }
  void OnReadDone(bool ok) override {
    const std::scoped_lock lock(mutex_);
    is_reading_ = false;
    is_read_out_ |= !ok;
    changed_.notify_all();
  }
  void OnDone(const grpc::Status& status) override {
    const std::scoped_lock lock(mutex_);
    status_ = status;
    is_done_ = true;
    changed_.notify_all();
  }

 private:
  void WriteNext() {  // under the lock
    out_ = *std::exchange(next_, std::nullopt);
    is_writing_ = true;
    StartWrite(&out_);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ByteBuffer in_, out_;
  std::optional<grpc::ByteBuffer> next_;
  grpc::Status status_;
  bool is_writing_ = false, is_reading_ = false, is_broken_ = false, is_read_out_ = false,
       is_released_ = false, is_done_ = false;
};

Stream::Stream(const Channel& channel, std::unique_ptr<Reactor> reactor)
    : channel_(channel), reactor_(std::move(reactor)) {}
Stream::~Stream() {
  Cancel();
  reactor_->Wait();
}
void Stream::WritesDone() { reactor_->EndWrites(); }
void Stream::Cancel() { reactor_->context.TryCancel(); }
bool Stream::WriteBytes(const std::string& bytes) { return reactor_->Write(ToBuffer(bytes)); }
bool Stream::WriteChunk(int64_t offset, std::span<const std::byte> data,
                        std::shared_ptr<const void> owner) {
  return reactor_->Write(ToBuffer(proto::ChunkHead(offset, data.size()), {&data, 1}, owner));
}
std::optional<std::string> Stream::ReadBytes() { return reactor_->Read(); }
Status Stream::Finish() {
  const grpc::Status status = reactor_->Wait();
  if (status.ok()) return {};
  return tl::unexpected(channel_.FromGrpc(status));
}

Channel::Channel(Endpoint endpoint, const std::shared_ptr<grpc::ChannelCredentials>& credentials)
    : endpoint_(std::move(endpoint)),
      channel_(grpc::CreateCustomChannel(endpoint_.address, credentials, Arguments(endpoint_))),
      stub_(channel_) {}

Result<std::unique_ptr<Channel>> Channel::Open(const Endpoint& endpoint) {
  UseLibrary();
  if (endpoint.insecure && !IsLoopback(endpoint.address))
    return InvalidArgument(
        "{}: without TLS only loopback addresses are called, such as 127.0.0.1:7340",
        endpoint.address);
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!endpoint.insecure) {
    CheckPeer check = endpoint.check;
    if (!check) {
      ASSIGN_OR_RETURN(const auto own, OwnCredentials(endpoint.identity));
      check = IsCoordinator(endpoint.identity, own.identity.project);
    }
    credentials = ChannelTls(endpoint.identity, std::move(check));
  }
  return std::unique_ptr<Channel>(new Channel(endpoint, credentials));
}

void Channel::Prepare(grpc::ClientContext& context) const {
  if (!endpoint_.insecure) return;
  context.AddMetadata("tributary-name", endpoint_.name);
  context.AddMetadata("tributary-role", endpoint_.role);
}

Error Channel::FromGrpc(const grpc::Status& status) const {
  const auto code = static_cast<Code>(status.error_code());
  if (code == Code::kUnavailable || code == Code::kDeadlineExceeded)
    return {code, fmt::format("{}: {}", endpoint_.address, status.error_message())};
  return {code, status.error_message()};
}

Result<std::string> Channel::CallBytes(std::string_view method, const std::string& request,
                                       Duration timeout) {
  grpc::ClientContext context;
  Prepare(context);
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  const grpc::ByteBuffer in = ToBuffer(request);
  grpc::ByteBuffer out;
  std::mutex mutex;
  std::condition_variable done;
  std::optional<grpc::Status> status;
  stub_.UnaryCall(&context, Path(method), grpc::StubOptions(), &in, &out, [&](grpc::Status result) {
    const std::scoped_lock lock(mutex);
    status = std::move(result);
    done.notify_one();
  });
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return status.has_value(); });
  if (!status->ok()) return tl::unexpected(FromGrpc(*status));
  return ToBytes(out);
}

std::unique_ptr<Stream> Channel::Open(std::string_view method, std::optional<Duration> timeout) {
  auto reactor = std::make_unique<Stream::Reactor>();
  Prepare(reactor->context);
  if (timeout) reactor->context.set_deadline(std::chrono::system_clock::now() + *timeout);
  stub_.PrepareBidiStreamingCall(&reactor->context, Path(method), grpc::StubOptions(),
                                 reactor.get());
  reactor->Begin();
  return std::unique_ptr<Stream>(new Stream(*this, std::move(reactor)));
}

}  // namespace tributary::rpc
