#include "coordinator/service/transfer_service.h"

#include <deque>

#include <tributary/v1/transfer.grpc.pb.h>
#include "coordinator/service/reactor.h"
#include "coordinator/service/upload_turns.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {
namespace {

using rpc::ToBuffer;
using rpc::ToBytes;

using grpc::ByteBuffer;
using UploadBase = grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>;
using FetchBase = grpc::ServerWriteReactor<ByteBuffer>;

constexpr size_t kUploadsAtOnce = 16;  // each has up to two chunks in hand and one on its way

// The next chunk comes in while the last one goes to the disk; one is looked at at a time.
class Uploading : public Reactor<Uploading, UploadBase> {
 public:
  Uploading(const TransferParts& parts, std::shared_ptr<UploadTurns> turns, ClientId client)
      : parts_(parts), turns_(std::move(turns)), client_(std::move(client)) {}

  void Listen() { ReadNext(); }

  void OnReadDone(bool ok) override {
    bool is_idle = false;
    {
      const std::scoped_lock lock(mutex_);
      is_reading_ = false;
      if (!ok) {  // who has sent everything may end its side
        if (!is_all_here_) EndLocked({Code::kCancelled, "the upload was broken off"});
        return;
      }
      Arrived arrived = Look(in_);
      in_.Clear();
      is_all_here_ = arrived.chunk && arrived.end() >= begin_.size;
      may_read_ahead_ = arrived.chunk && !is_all_here_;
      arrived_.push_back(std::move(arrived));
      is_idle = !std::exchange(is_working_, true);
      SayWhetherWaiting();
      ReadNextLocked();
    }
    if (is_idle) parts_.pool.Post([self = shared_from_this()] { self->Work(); });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End({Code::kCancelled, "the stream was broken off"});
    if (is_committed_) return End();
    ReadNext();
  }

 private:
  struct Arrived {
    std::vector<grpc::Slice> slices;
    std::optional<proto::FoundChunk> chunk;  // or another message, or one that is not plain
    size_t size = 0;
    int64_t end() const {
      return chunk->offset + static_cast<int64_t>(size) - static_cast<int64_t>(chunk->begin);
    }
  };
  static Arrived Look(const ByteBuffer& message) {
    Arrived arrived;
    if (!message.Dump(&arrived.slices).ok()) return arrived;
    arrived.size = message.Length();
    const std::string first = rpc::FirstBytes(arrived.slices, proto::kMostChunkHead);
    arrived.chunk = proto::FindChunk(first, arrived.size);
    return arrived;
  }

  // On the pool: one message, then the others' turn.
  void Work() {
    Arrived arrived;
    {
      const std::scoped_lock lock(mutex_);
      arrived = std::move(arrived_.front());
      arrived_.pop_front();
      ReadNextLocked();
    }
    if (Status taken = Take(arrived); !taken) End(taken.error());
    const std::scoped_lock lock(mutex_);
    is_working_ = !arrived_.empty() && !is_ended_;
    if (is_working_)
      parts_.pool.Post([self = shared_from_this()] { self->Work(); });
    else
      SayWhetherWaiting();
  }

  Status Take(const Arrived& arrived) {
    if (arrived.chunk) {
      std::vector<std::span<const std::byte>> parts;
      size_t skip = arrived.chunk->begin;
      for (const grpc::Slice& slice : arrived.slices) {
        const auto bytes = std::as_bytes(std::span(slice.begin(), slice.size()));
        parts.push_back(bytes.subspan(std::min(skip, bytes.size())));
        skip -= std::min(skip, bytes.size());
      }
      return Take(arrived.chunk->offset, parts);
    }
    ByteBuffer whole(arrived.slices.data(), arrived.slices.size());
    ASSIGN_OR_RETURN(const auto message, proto::Decode<proto::UploadMessage>(ToBytes(whole)));
    if (const auto* begin = std::get_if<proto::UploadBegin>(&message.body)) return Take(*begin);
    const auto& chunk = std::get<proto::Chunk>(message.body);
    if (chunk.data.value.empty()) return InvalidArgument("an empty chunk");
    const std::span<const std::byte> bytes = std::as_bytes(std::span(chunk.data.value));
    return Take(chunk.offset, {&bytes, 1});
  }

  Status Take(const proto::UploadBegin& begin) {
    if (is_begun_) return MakeError(Code::kFailedPrecondition, "a second UploadBegin");
    is_begun_ = true;
    begin_ = begin;
    const bool posted =
        parts_.driver.Post([self = shared_from_this()](daemon::Federation& federation) {
          const Status admitted = federation.Admits(self->client_, self->begin_);
          if (!admitted) return self->End(admitted.error());
          self->turns_->Take([self](std::unique_ptr<UploadTurn> turn) {
            // Shared, since a function must be copied.
            const auto given = std::make_shared<std::unique_ptr<UploadTurn>>(std::move(turn));
            self->parts_.pool.Post([self, given] {
              if (Status open = self->Open(std::move(*given)); !open) self->End(open.error());
            });
          });
        });
    return posted ? Status() : MakeError(Code::kUnavailable, "the coordinator stops");
  }

  Status Open(std::unique_ptr<UploadTurn> turn) {
    {
      const std::scoped_lock lock(mutex_);
      if (is_ended_) return {};
      turn_ = std::move(turn);
    }
    ASSIGN_OR_RETURN(upload_, parts_.uploads.Begin({begin_.run, begin_.sequence, client_,
                                                    begin_.digest, begin_.size}));
    if (upload_->offset() == begin_.size) return Commit();
    Answer(false);
    return {};
  }

  Status Take(int64_t offset, store::Upload::Parts parts) {
    if (upload_ == nullptr) return MakeError(Code::kFailedPrecondition, "UploadBegin comes first");
    if (offset != upload_->offset())
      return MakeError(Code::kAborted, "a chunk at {}, expected at {}", offset, upload_->offset());
    RETURN_IF_ERROR(upload_->Write(parts));
    parts_.counters.received += upload_->offset() - offset;
    if (upload_->offset() == begin_.size) return Commit();
    ReadNext();
    return {};
  }

  Status Commit() {
    RETURN_IF_ERROR(upload_->Commit());
    is_committed_ = true;
    std::unique_ptr<UploadTurn> turn;
    {
      const std::scoped_lock lock(mutex_);
      is_all_here_ = true;
      turn = std::move(turn_);
    }
    Answer(true);
    return {};
  }

  void Answer(bool committed) {
    out_ = ToBuffer(proto::Encode(proto::UploadState{upload_->offset(), committed}));
    IfOpen([this] { StartWrite(&out_); });
  }
  // Once the last message has been handled, or if it was a chunk before the last one.
  void ReadNext() {
    const std::scoped_lock lock(mutex_);
    may_read_ahead_ = true;
    ReadNextLocked();
  }
  void ReadNextLocked() {
    if (is_ended_ || is_reading_ || is_all_here_ || !may_read_ahead_ || arrived_.size() > 1) return;
    is_reading_ = true;
    SayWhetherWaiting();
    StartRead(&in_);
  }
  // With mutex_ held.
  void SayWhetherWaiting() {
    if (turn_ == nullptr) return;
    if (is_reading_ && !is_working_)
      turn_->Waits();
    else
      turn_->Works();
  }

  TransferParts parts_;
  const std::shared_ptr<UploadTurns> turns_;
  const ClientId client_;
  ByteBuffer in_, out_;
  proto::UploadBegin begin_;
  std::unique_ptr<store::Upload> upload_;
  bool is_begun_ = false, is_committed_ = false;

  // With mutex_ held:
  std::deque<Arrived> arrived_;
  std::unique_ptr<UploadTurn> turn_;
  bool is_reading_ = false, is_working_ = false, may_read_ahead_ = false, is_all_here_ = false;
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
    auto uploading = std::make_shared<Uploading>(parts_, turns_,
                                                 ClientId{caller ? caller->name : std::string()});
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
  const std::shared_ptr<UploadTurns> turns_ = UploadTurns::Make(kUploadsAtOnce);
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTransferService(TransferParts parts) {
  return std::make_unique<Service>(parts);
}

}  // namespace tributary::service
