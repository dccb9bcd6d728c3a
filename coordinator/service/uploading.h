#pragma once
// The stream of one upload. For transfer_service.cc alone.

#include <deque>

#include "coordinator/service/pace.h"
#include "coordinator/service/reactor.h"
#include "coordinator/service/transfer_service.h"
#include "coordinator/service/upload_turns.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {

using UploadBase = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

inline PaceLimits PaceOf(const daemon::Limits& limits) {
  return {limits.upload_gap, static_cast<double>(daemon::BytesOf(limits.upload_rate)),
          limits.upload_window};
}

inline Refusal ReasonOf(Code code) {
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
  ~Uploading() override { Release(); }

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

  // Before the client learns that it has ended, and may begin another. Where it works, or at the
  // end.
  void Release() {
    upload_.reset();
    parts_.slots.Leave(this);
  }

  // An error of ours, or of the disk, is nobody's fault.
  void Fail(const Error& why) {
    Release();
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
  static Arrived Look(const grpc::ByteBuffer& message) {
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
    grpc::ByteBuffer whole(arrived.slices.data(), arrived.slices.size());
    ASSIGN_OR_RETURN(const auto message, proto::Decode<proto::UploadMessage>(rpc::ToBytes(whole)));
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
      return Release(), Refuse(Refusal::kUploads, begun.error()), Status();
    ASSIGN_OR_RETURN(upload_, std::move(begun));
    if (upload_->offset() == begin_.size) return Commit();
    Answer({upload_->offset(), false});
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
      Release();
      Refuse(Refusal::kConflict, committed.error());
      parts_.driver.Post([client = client(), run = begin_.run,
                          why = committed.error()](daemon::Federation& federation) {
        federation.RejectUpload(client, run, why);
      });
      return {};
    }
    RETURN_IF_ERROR(committed);
    is_committed_ = true;
    Release();
    std::unique_ptr<UploadTurn> turn;
    {
      const std::scoped_lock lock(mutex_);
      is_all_here_ = true;
      turn = std::move(turn_);
    }
    Answer({begin_.size, true});
    return {};
  }

  void Answer(const proto::UploadState& state) {
    out_ = rpc::ToBuffer(proto::Encode(state));
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
  grpc::ByteBuffer in_, out_;
  proto::UploadBegin begin_;
  std::unique_ptr<store::Upload> upload_;
  bool is_begun_ = false, is_committed_ = false;

  // With mutex_ held:
  std::deque<Arrived> arrived_;
  std::unique_ptr<UploadTurn> turn_;
  bool is_reading_ = false, is_working_ = false, may_read_ahead_ = false, is_all_here_ = false;
};

}  // namespace tributary::service
