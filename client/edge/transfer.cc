#include "client/edge/transfer.h"

#include <algorithm>

#include "aggregation/base/file.h"

namespace tributary::edge {

bool IsPassing(Code code) {
  return code == Code::kUnavailable || code == Code::kDeadlineExceeded || code == Code::kAborted ||
         code == Code::kCancelled;
}

namespace {

// A coordinator gives up on whom it waits too long for, so a slow line gets small chunks.
class ChunkSize {
 public:
  size_t bytes() const { return bytes_; }
  void Took(std::chrono::steady_clock::duration time) {
    if (time < std::chrono::seconds(1)) bytes_ = std::min(2 * bytes_, proto::kMaxChunk);
    if (time > std::chrono::seconds(4)) bytes_ = std::max(bytes_ / 2, kLeast);
  }

 private:
  static constexpr size_t kLeast = size_t{64} << 10;
  size_t bytes_ = kLeast;
};

}  // namespace

Status Upload(rpc::Channel& channel, const proto::UploadBegin& begin,
              const std::filesystem::path& file, Traffic& traffic, std::stop_token stop) {
  ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(file));
  const auto bytes = std::make_shared<const MappedFile>(std::move(mapped));
  if (static_cast<int64_t>(bytes->bytes().size()) != begin.size)
    return MakeError(Code::kDataLoss, "{}: has {} bytes, expected {}", file.string(),
                     bytes->bytes().size(), begin.size);
  const auto stream = channel.Open("Transfer/Upload");
  const std::stop_callback cancel(std::move(stop), [&] { stream->Cancel(); });
  const auto ended = [&] {
    Status why = stream->Finish();
    return why ? MakeError(Code::kUnavailable, "the upload was broken off")
               : tl::unexpected(why.error());
  };
  if (!stream->Write(proto::UploadMessage{begin})) return ended();
  ASSIGN_OR_RETURN(auto state, stream->Read<proto::UploadState>());
  if (!state) return ended();
  ChunkSize size;
  for (int64_t at = state->offset; !state->committed && at < begin.size;) {
    const auto part = bytes->bytes().subspan(
        static_cast<size_t>(at), std::min(size.bytes(), static_cast<size_t>(begin.size - at)));
    const auto begun = std::chrono::steady_clock::now();
    if (!stream->WriteChunk(at, part, bytes)) return ended();
    size.Took(std::chrono::steady_clock::now() - begun);
    at += static_cast<int64_t>(part.size());
    traffic.sent += static_cast<int64_t>(part.size());
  }
  if (!state->committed) {
    ASSIGN_OR_RETURN(state, stream->Read<proto::UploadState>());
    if (state && !state->committed) stream->Cancel();
    if (!state || !state->committed) return ended();
  }
  return {};
}

}  // namespace tributary::edge
