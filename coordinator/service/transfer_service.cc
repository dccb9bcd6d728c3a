#include "coordinator/service/transfer_service.h"

#include <tributary/v1/transfer.grpc.pb.h>
#include "coordinator/service/reactor.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {
namespace {

using rpc::ToBuffer;
using rpc::ToBytes;

using grpc::ByteBuffer;
using UploadBase = grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>;
using FetchBase = grpc::ServerWriteReactor<ByteBuffer>;

// One message is looked at at a time: the next is read when the last one is on the disk.
class Uploading : public Reactor<Uploading, UploadBase> {
 public:
  Uploading(const TransferParts& parts, ClientId client)
      : parts_(parts), client_(std::move(client)) {}

  void Listen() { StartRead(&in_); }

  void OnReadDone(bool ok) override {
    if (!ok) return End({Code::kCancelled, "the upload was broken off"});
    parts_.pool.Post([self = shared_from_this()] {
      if (Status taken = self->Take(); !taken) self->End(taken.error());
    });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End({Code::kCancelled, "the stream was broken off"});
    if (is_committed_) return End();
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
            if (!open) self->End(open.error());
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
    parts_.counters.received += static_cast<int64_t>(chunk.data.value.size());
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
    IfOpen([this] { StartWrite(&out_); });
  }
  void Read() {
    IfOpen([this] { StartRead(&in_); });
  }

  TransferParts parts_;
  const ClientId client_;
  ByteBuffer in_, out_;
  proto::UploadBegin begin_;
  std::unique_ptr<store::Upload> upload_;
  bool is_begun_ = false, is_committed_ = false;
};

class Fetching : public Reactor<Fetching, FetchBase> {
 public:
  Fetching(const TransferParts& parts, Caller caller) : parts_(parts), caller_(std::move(caller)) {}

  void Serve(const ByteBuffer& request) {
    auto decoded = proto::Decode<proto::FetchRequest>(ToBytes(request));
    if (!decoded) return End(decoded.error());
    parts_.driver.Post(
        [self = shared_from_this(), fetch = *std::move(decoded)](daemon::Federation& federation) {
          auto opener = self->caller_.role == "client"
                            ? self->parts_.transfers.Fetch(federation, {self->caller_.name}, fetch)
                            : self->parts_.transfers.FetchState(federation, fetch);
          if (!opener) return self->End(opener.error());
          self->parts_.pool.Post([self, fetch, open = *std::move(opener)] {
            auto payload = open();
            if (!payload) return self->End(payload.error());
            self->Send(*std::move(payload), fetch.offset);
          });
        });
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End({Code::kCancelled, "the stream was broken off"});
    parts_.pool.Post([self = shared_from_this()] { self->Next(); });
  }

 private:
  void Send(daemon::Payload payload, int64_t offset) {
    payload_ = std::move(payload);
    if (offset < 0 || offset > payload_.size())
      return End({Code::kOutOfRange, "the offset is beyond the end"});
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
    if (data.empty()) return End();
    offset_ += static_cast<int64_t>(data.size());
    parts_.counters.sent += static_cast<int64_t>(data.size());
    out_ = ToBuffer(proto::Encode(chunk));
    IfOpen([this] { StartWrite(&out_); });
  }

  TransferParts parts_;
  const Caller caller_;
  ByteBuffer out_;
  daemon::Payload payload_;
  size_t part_ = 0, in_part_ = 0;
  int64_t offset_ = 0;
};

using Base = v1::Transfer::WithRawCallbackMethod_Upload<v1::Transfer::WithRawCallbackMethod_Fetch<
    v1::Transfer::WithRawCallbackMethod_Manifest<v1::Transfer::Service>>>;

class Service : public Base {
 public:
  explicit Service(TransferParts parts) : parts_(parts) {}

  UploadBase* Upload(grpc::CallbackServerContext* context) override {
    const auto caller = parts_.gate.Admit(*context, "Transfer/Upload");
    auto uploading =
        std::make_shared<Uploading>(parts_, ClientId{caller ? caller->name : std::string()});
    if (uploading->Begin(parts_.gate, caller)) uploading->Listen();
    return uploading.get();
  }

  FetchBase* Fetch(grpc::CallbackServerContext* context, const ByteBuffer* request) override {
    auto caller = parts_.gate.Admit(*context, "Transfer/Fetch");
    auto fetching = std::make_shared<Fetching>(parts_, caller ? *caller : Caller{});
    if (fetching->Begin(parts_.gate, caller)) fetching->Serve(*request);
    return fetching.get();
  }

  grpc::ServerUnaryReactor* Manifest(grpc::CallbackServerContext* context,
                                     const ByteBuffer* request, ByteBuffer* response) override {
    auto* reactor = context->DefaultReactor();
    const auto fail = [reactor](const Error& why) { reactor->Finish(ToGrpc(why)); };
    const auto caller = parts_.gate.Admit(*context, "Transfer/Manifest");
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
  TransferParts parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTransferService(TransferParts parts) {
  return std::make_unique<Service>(parts);
}

}  // namespace tributary::service
