#include "coordinator/service/transfer_service.h"

#include <tributary/v1/transfer.grpc.pb.h>
#include "coordinator/service/caller.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {
namespace {

using rpc::ToBuffer;
using rpc::ToBytes;

using grpc::ByteBuffer;
using UploadReactor = grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>;

// Every reactor keeps itself until gRPC has done with it and no call of ours is on its way.
template <typename T>
class SelfOwned : public std::enable_shared_from_this<T> {
 public:
  void Keep() { self_ = this->shared_from_this(); }

 protected:
  void LetGo() { const auto last = std::move(self_); }

 private:
  std::shared_ptr<T> self_;
};

// One message is looked at at a time: the next is read when the last one is on the disk.
class Uploading : public UploadReactor, public SelfOwned<Uploading> {
 public:
  Uploading(const TransferParts& parts, ClientId client)
      : parts_(parts), client_(std::move(client)) {}

  void Begin() { StartRead(&in_); }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { LetGo(); }

  void OnReadDone(bool ok) override {
    if (!ok) return End({grpc::StatusCode::CANCELLED, "the upload was broken off"});
    parts_.pool.Post([self = shared_from_this()] {
      if (Status taken = self->Take(); !taken) self->End(ToGrpc(taken.error()));
    });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(grpc::Status::CANCELLED);
    if (is_committed_) return End(grpc::Status::OK);
    Read();
  }

 private:
  Status Take() {
    ASSIGN_OR_RETURN(const auto message, proto::Decode<proto::UploadMessage>(ToBytes(in_)));
    if (const auto* begin = std::get_if<proto::UploadBegin>(&message.body)) return Take(*begin);
    return Take(std::get<proto::Chunk>(message.body));
  }

  Status Take(const proto::UploadBegin& begin) {
    if (is_begun_) return MakeError(Code::kFailedPrecondition, "a second UploadBegin");
    is_begun_ = true;
    begin_ = begin;
    const bool posted =
        parts_.driver.Post([self = shared_from_this()](daemon::Federation& federation) {
          const Status admitted = federation.Admits(self->client_, self->begin_);
          self->parts_.pool.Post([self, admitted] {
            Status open = admitted ? self->Open() : admitted;
            if (!open) self->End(ToGrpc(open.error()));
          });
        });
    return posted ? Status() : MakeError(Code::kUnavailable, "the coordinator stops");
  }

  Status Open() {
    ASSIGN_OR_RETURN(upload_, parts_.uploads.Begin({begin_.run, begin_.sequence, client_,
                                                    begin_.digest, begin_.size}));
    if (upload_->offset() == begin_.size) return Commit();
    Answer(false);
    return {};
  }

  Status Take(const proto::Chunk& chunk) {
    if (upload_ == nullptr) return MakeError(Code::kFailedPrecondition, "UploadBegin comes first");
    if (chunk.offset != upload_->offset())
      return MakeError(Code::kAborted, "a chunk at {}, expected at {}", chunk.offset,
                       upload_->offset());
    if (chunk.data.value.empty()) return InvalidArgument("an empty chunk");
    RETURN_IF_ERROR(upload_->Write(std::as_bytes(std::span(chunk.data.value))));
    if (upload_->offset() == begin_.size) return Commit();
    Read();
    return {};
  }

  Status Commit() {
    RETURN_IF_ERROR(upload_->Commit());
    is_committed_ = true;
    Answer(true);
    return {};
  }

  void Answer(bool committed) {
    out_ = ToBuffer(proto::Encode(proto::UploadState{upload_->offset(), committed}));
    const std::scoped_lock lock(mutex_);
    if (!is_finished_) StartWrite(&out_);
  }
  void Read() {
    const std::scoped_lock lock(mutex_);
    if (!is_finished_) StartRead(&in_);
  }
  void End(const grpc::Status& status) {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(is_finished_, true)) return;
    Finish(status);
  }

  TransferParts parts_;
  const ClientId client_;
  ByteBuffer in_, out_;
  proto::UploadBegin begin_;
  std::unique_ptr<store::Upload> upload_;
  bool is_begun_ = false, is_committed_ = false;
  std::mutex mutex_;
  bool is_finished_ = false;
};

class Fetching : public grpc::ServerWriteReactor<ByteBuffer>, public SelfOwned<Fetching> {
 public:
  Fetching(const TransferParts& parts, Caller caller) : parts_(parts), caller_(std::move(caller)) {}

  void Begin(const ByteBuffer& request) {
    auto decoded = proto::Decode<proto::FetchRequest>(ToBytes(request));
    if (!decoded) return End(ToGrpc(decoded.error()));
    parts_.driver.Post(
        [self = shared_from_this(), fetch = *std::move(decoded)](daemon::Federation& federation) {
          auto opener = self->caller_.role == "client"
                            ? self->parts_.transfers.Fetch(federation, {self->caller_.name}, fetch)
                            : self->parts_.transfers.FetchState(federation, fetch);
          if (!opener) return self->End(ToGrpc(opener.error()));
          self->parts_.pool.Post([self, fetch, open = *std::move(opener)] {
            auto payload = open();
            if (!payload) return self->End(ToGrpc(payload.error()));
            self->Serve(*std::move(payload), fetch.offset);
          });
        });
  }
  void Refuse(const Error& why) { End(ToGrpc(why)); }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { LetGo(); }
  void OnWriteDone(bool ok) override {
    if (!ok) return End(grpc::Status::CANCELLED);
    parts_.pool.Post([self = shared_from_this()] { self->Next(); });
  }

 private:
  void Serve(daemon::Payload payload, int64_t offset) {
    payload_ = std::move(payload);
    if (offset < 0 || offset > payload_.size())
      return End({grpc::StatusCode::OUT_OF_RANGE, "the offset is beyond the end"});
    offset_ = offset;
    for (in_part_ = static_cast<size_t>(offset);
         part_ < payload_.parts.size() && in_part_ >= payload_.parts[part_].size(); ++part_)
      in_part_ -= payload_.parts[part_].size();
    Next();
  }

  void Next() {
    proto::Chunk chunk{offset_, {}};
    std::string& data = chunk.data.value;
    while (part_ < payload_.parts.size() && data.size() < proto::kMaxChunk) {
      const auto rest = payload_.parts[part_].subspan(in_part_);
      const auto take = rest.first(std::min(rest.size(), proto::kMaxChunk - data.size()));
      data.append(reinterpret_cast<const char*>(take.data()), take.size());
      in_part_ += take.size();
      if (in_part_ == payload_.parts[part_].size()) ++part_, in_part_ = 0;
    }
    if (data.empty()) return End(grpc::Status::OK);
    offset_ += static_cast<int64_t>(data.size());
    out_ = ToBuffer(proto::Encode(chunk));
    const std::scoped_lock lock(mutex_);
    if (!is_finished_) StartWrite(&out_);
  }
  void End(const grpc::Status& status) {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(is_finished_, true)) return;
    Finish(status);
  }

  TransferParts parts_;
  const Caller caller_;
  ByteBuffer out_;
  daemon::Payload payload_;
  size_t part_ = 0, in_part_ = 0;
  int64_t offset_ = 0;
  std::mutex mutex_;
  bool is_finished_ = false;
};

using Base = v1::Transfer::WithRawCallbackMethod_Upload<v1::Transfer::WithRawCallbackMethod_Fetch<
    v1::Transfer::WithRawCallbackMethod_Manifest<v1::Transfer::Service>>>;

class Service : public Base {
 public:
  explicit Service(TransferParts parts) : parts_(parts) {}

  UploadReactor* Upload(grpc::CallbackServerContext* context) override {
    const auto caller = Allowed(*context, "Transfer/Upload");
    auto uploading =
        std::make_shared<Uploading>(parts_, ClientId{caller ? caller->name : std::string()});
    uploading->Keep();
    if (caller)
      uploading->Begin();
    else
      uploading->Finish(ToGrpc(caller.error()));
    return uploading.get();
  }

  grpc::ServerWriteReactor<ByteBuffer>* Fetch(grpc::CallbackServerContext* context,
                                              const ByteBuffer* request) override {
    auto caller = Allowed(*context, "Transfer/Fetch");
    auto fetching = std::make_shared<Fetching>(parts_, caller ? *caller : Caller{});
    fetching->Keep();
    if (caller)
      fetching->Begin(*request);
    else
      fetching->Refuse(caller.error());
    return fetching.get();
  }

  grpc::ServerUnaryReactor* Manifest(grpc::CallbackServerContext* context,
                                     const ByteBuffer* request, ByteBuffer* response) override {
    auto* reactor = context->DefaultReactor();
    const auto fail = [reactor](const Error& why) { reactor->Finish(ToGrpc(why)); };
    const auto caller = Allowed(*context, "Transfer/Manifest");
    if (!caller) return fail(caller.error()), reactor;
    const auto decoded = proto::Decode<proto::ManifestRequest>(ToBytes(*request));
    if (!decoded) return fail(decoded.error()), reactor;
    const bool posted = parts_.driver.Post([this, fail, reactor, response, name = caller->name,
                                            decoded = *decoded](daemon::Federation& federation) {
      auto open = parts_.transfers.Manifest(federation, {name}, decoded);
      if (!open) return fail(open.error());
      parts_.pool.Post([fail, reactor, response, open = *std::move(open)] {
        const auto manifest = open();
        if (!manifest) return fail(manifest.error());
        *response = ToBuffer(proto::Encode(*manifest));
        reactor->Finish(grpc::Status::OK);
      });
    });
    if (!posted) fail({Code::kUnavailable, "the coordinator stops"});
    return reactor;
  }

 private:
  Result<Caller> Allowed(const grpc::ServerContextBase& context, std::string_view method) const {
    ASSIGN_OR_RETURN(Caller caller, CallerOf(context, parts_.is_secure));
    RETURN_IF_ERROR(Authorise(caller, method));
    return caller;
  }
  TransferParts parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTransferService(TransferParts parts) {
  return std::make_unique<Service>(parts);
}

}  // namespace tributary::service
