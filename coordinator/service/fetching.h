#pragma once
// The stream of bytes that somebody fetches. For transfer_service.cc alone.

#include "coordinator/service/pace.h"
#include "coordinator/service/reactor.h"
#include "coordinator/service/transfer_service.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {

using FetchBase = grpc::ServerWriteReactor<grpc::ByteBuffer>;

// A chunk has to be taken as fast as one would have to be sent.
inline PaceLimits FetchPaceOf(const daemon::Limits& limits) {
  const double rate = static_cast<double>(daemon::BytesOf(limits.upload_rate));
  const auto chunk = std::chrono::duration<double>(static_cast<double>(proto::kMaxChunk) / rate);
  return {std::max(limits.upload_gap, std::chrono::duration_cast<Duration>(chunk)), 0,
          limits.upload_window};
}

class Fetching : public Reactor<Fetching, FetchBase> {
 public:
  explicit Fetching(const TransferParts& parts)
      : parts_(parts), pace_(FetchPaceOf(parts.gate.limits())) {}

  void Serve(const grpc::ByteBuffer& request) {
    auto decoded = proto::Decode<proto::FetchRequest>(rpc::ToBytes(request));
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
    payload_ = std::make_shared<const daemon::Payload>(std::move(payload));
    if (offset < 0 || offset > payload_->size())
      return End({Code::kOutOfRange, "the offset is beyond the end"});
    offset_ = offset;
    for (in_part_ = static_cast<size_t>(offset);
         part_ < payload_->parts.size() && in_part_ >= payload_->parts[part_].size(); ++part_)
      in_part_ -= payload_->parts[part_].size();
    Next();
  }

  // gRPC reads a chunk where it lies.
  void Next() {
    std::vector<std::span<const std::byte>> data;
    size_t size = 0;
    while (part_ < payload_->parts.size() && size < proto::kMaxChunk) {
      const auto rest = payload_->parts[part_].subspan(in_part_);
      const auto take = rest.first(std::min(rest.size(), proto::kMaxChunk - size));
      if (!take.empty()) data.push_back(take);
      size += take.size();
      in_part_ += take.size();
      if (in_part_ == payload_->parts[part_].size()) ++part_, in_part_ = 0;
    }
    if (data.empty()) return End();
    out_ = rpc::ToBuffer(proto::BareChunkHead(offset_, size), data, payload_);
    offset_ += static_cast<int64_t>(size);
    parts_.counters.sent += static_cast<int64_t>(size);
    pace_.Wait(SteadyNow());
    IfOpen([this] { StartWrite(&out_); });
  }

  TransferParts parts_;
  Pace pace_;
  grpc::ByteBuffer out_;
  std::shared_ptr<const daemon::Payload> payload_;
  size_t part_ = 0, in_part_ = 0;
  int64_t offset_ = 0;
};

}  // namespace tributary::service
