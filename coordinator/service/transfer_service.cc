#include "coordinator/service/transfer_service.h"

#include <deque>

#include <tributary/v1/transfer.grpc.pb.h>
#include "coordinator/service/pace.h"
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

PaceLimits PaceOf(const daemon::Limits& limits) {
  return {limits.upload_gap, static_cast<double>(daemon::BytesOf(limits.upload_rate)),
          limits.upload_window};
}

// A chunk has to be taken as fast as one would have to be sent.
PaceLimits FetchPaceOf(const daemon::Limits& limits) {
  const double rate = static_cast<double>(daemon::BytesOf(limits.upload_rate));
  const auto chunk = std::chrono::duration<double>(static_cast<double>(proto::kMaxChunk) / rate);
  return {std::max(limits.upload_gap, std::chrono::duration_cast<Duration>(chunk)), 0,
          limits.upload_window};
}

Refusal ReasonOf(Code code) {
  switch (code) {
    case Code::kFailedPrecondition:
    case Code::kPermissionDenied:
      return Refusal::kNotAsked;
    case Code::kAlreadyExists:
      return Refusal::kConflict;
    case Code::kResourceExhausted:
      return Refusal::kQuota;
    default:
      return Refusal::kMalformed;
  }
}

// The next chunk comes in while the last one goes to the disk; one is looked at at a time.
class Uploading : public Reactor<Uploading, UploadBase> {
 public:
  Uploading(const TransferParts& parts, std::shared_ptr<UploadTurns> turns)
      : parts_(parts), turns_(std::move(turns)), pace_(PaceOf(parts.gate.limits())) {}
  ~Uploading() override {
    upload_.reset();  // before somebody takes the place
    parts_.slots.Leave(this);
  }

  void Listen() { ReadNext(); }

  void OnReadDone(bool ok) override {
    bool is_idle = false;
    {
      const std::scoped_lock lock(mutex_);
      is_reading_ = false;
      pace_.Got(SteadyNow(), static_cast<int64_t>(in_.Length()));
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

  void EndIfSlow(TimePoint now) override {
    if (Status pace = pace_.Check(now); !pace) Refuse(Refusal::kSlow, pace.error());
  }

 private:
  ClientId client() const { return {caller().name}; }

  // An error of ours, or of the disk, is nobody's fault.
  void Fail(const Error& why) {
    const bool is_ours = why.code == Code::kInternal || why.code == Code::kUnavailable ||
                         why.code == Code::kDataLoss || why.code == Code::kNotFound;
    is_ours ? End(why) : Refuse(ReasonOf(why.code), why);
  }

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
    if (Status taken = Take(arrived); !taken) Fail(taken.error());
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
    if (is_begun_) return InvalidArgument("a second UploadBegin");
    is_begun_ = true;
    begin_ = begin;
    const bool posted = parts_.driver.Post(
        [self = shared_from_this()](daemon::Federation& federation) { self->Admit(federation); });
    return posted ? Status() : MakeError(Code::kUnavailable, "the coordinator stops");
  }

  // On the driver's thread.
  void Admit(daemon::Federation& federation) {
    if (Status free = federation.CheckQuarantine(client()); !free)
      return Refuse(Refusal::kQuarantine, free.error());
    const Status admitted = federation.Admits(client(), begin_);
    if (!admitted && admitted.error().code == Code::kAlreadyExists)
      federation.RejectUpload(client(), begin_.run, admitted.error());
    if (!admitted) return Fail(admitted.error());
    const Status place = parts_.slots.Enter(client(), begin_.digest, shared_from_this());
    if (!place) return Refuse(Refusal::kUploads, place.error());
    turns_->Take([self = shared_from_this()](std::unique_ptr<UploadTurn> turn) {
      // Shared, since a function must be copied.
      const auto given = std::make_shared<std::unique_ptr<UploadTurn>>(std::move(turn));
      self->parts_.pool.Post([self, given] {
        if (Status open = self->Open(std::move(*given)); !open) self->Fail(open.error());
      });
    });
  }

  Status Open(std::unique_ptr<UploadTurn> turn) {
    {
      const std::scoped_lock lock(mutex_);
      if (is_ended_) return {};
      turn_ = std::move(turn);
    }
    auto begun =
        parts_.uploads.Begin({begin_.run, begin_.sequence, client(), begin_.digest, begin_.size});
    if (!begun && begun.error().code == Code::kAborted)  // its other stream has not let go yet
      return Refuse(Refusal::kUploads, begun.error()), Status();
    ASSIGN_OR_RETURN(upload_, std::move(begun));
    if (upload_->offset() == begin_.size) return Commit();
    Answer(false);
    return {};
  }

  Status Take(int64_t offset, store::Upload::Parts parts) {
    if (upload_ == nullptr) return InvalidArgument("UploadBegin comes first");
    if (offset != upload_->offset())
      return MakeError(Code::kAborted, "a chunk at {}, expected at {}", offset, upload_->offset());
    RETURN_IF_ERROR(upload_->Write(parts));
    parts_.counters.received += upload_->offset() - offset;
    if (upload_->offset() == begin_.size) return Commit();
    ReadNext();
    return {};
  }

  Status Commit() {
    const Status committed = upload_->Commit();
    if (!committed && committed.error().code == Code::kAborted) {
      Refuse(Refusal::kConflict, committed.error());
      parts_.driver.Post([client = client(), run = begin_.run,
                          why = committed.error()](daemon::Federation& federation) {
        federation.RejectUpload(client, run, why);
      });
      return {};
    }
    RETURN_IF_ERROR(committed);
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
    const bool is_waiting = is_reading_ && !is_working_;
    if (is_waiting) pace_.Wait(SteadyNow());
    if (turn_ == nullptr) return;
    if (is_waiting)
      turn_->Waits();
    else
      turn_->Works();
  }

  TransferParts parts_;
  const std::shared_ptr<UploadTurns> turns_;
  Pace pace_;
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
  explicit Fetching(const TransferParts& parts)
      : parts_(parts), pace_(FetchPaceOf(parts.gate.limits())) {}

  void Serve(const ByteBuffer& request) {
    auto decoded = proto::Decode<proto::FetchRequest>(ToBytes(request));
    if (!decoded) return Refuse(Refusal::kMalformed, decoded.error());
    const bool posted = parts_.driver.Post(
        [self = shared_from_this(), fetch = *std::move(decoded)](daemon::Federation& federation) {
          auto opener = self->caller().role == "client"
                            ? self->parts_.transfers.Fetch(federation, {self->caller().name}, fetch)
                            : self->parts_.transfers.FetchState(federation, fetch);
          if (!opener) return self->End(opener.error());
          self->parts_.pool.Post([self, fetch, open = *std::move(opener)] {
            auto payload = open();
            if (!payload) return self->End(payload.error());
            self->Send(*std::move(payload), fetch.offset);
          });
        });
    if (!posted) End({Code::kUnavailable, "the coordinator stops"});
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End({Code::kCancelled, "the stream was broken off"});
    pace_.Got(SteadyNow(), static_cast<int64_t>(out_.Length()));
    parts_.pool.Post([self = shared_from_this()] { self->Next(); });
  }
  void EndIfSlow(TimePoint now) override {
    if (Status pace = pace_.Check(now); !pace) Refuse(Refusal::kSlow, pace.error());
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
    pace_.Wait(SteadyNow());
    IfOpen([this] { StartWrite(&out_); });
  }

  TransferParts parts_;
  Pace pace_;
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
    auto uploading = std::make_shared<Uploading>(parts_, turns_);
    if (uploading->Begin(parts_.gate, caller, "Transfer/Upload")) uploading->Listen();
    return uploading.get();
  }

  FetchBase* Fetch(grpc::CallbackServerContext* context, const ByteBuffer* request) override {
    const auto caller = parts_.gate.Admit(*context, "Transfer/Fetch");
    auto fetching = std::make_shared<Fetching>(parts_);
    if (fetching->Begin(parts_.gate, caller, "Transfer/Fetch")) fetching->Serve(*request);
    return fetching.get();
  }

  grpc::ServerUnaryReactor* Manifest(grpc::CallbackServerContext* context,
                                     const ByteBuffer* request, ByteBuffer* response) override {
    auto* reactor = context->DefaultReactor();
    const auto fail = [reactor](const Error& why) { reactor->Finish(ToGrpc(why)); };
    const auto caller = parts_.gate.Admit(*context, "Transfer/Manifest");
    if (!caller) return fail(caller.error()), reactor;
    const auto decoded = proto::Decode<proto::ManifestRequest>(ToBytes(*request));
    if (!decoded) {
      parts_.gate.refusals().Add(Refusal::kMalformed, *caller, "Transfer/Manifest",
                                 decoded.error());
      return fail(decoded.error()), reactor;
    }
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
