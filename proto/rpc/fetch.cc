#include "proto/rpc/fetch.h"

namespace tributary::rpc {

Status Fetch(Channel& channel, const proto::FetchRequest& request,
             const std::function<Status(std::string_view)>& take, std::stop_token stop) {
  const auto stream = channel.Open("Transfer/Fetch");
  const std::stop_callback cancel(std::move(stop), [&] { stream->Cancel(); });
  if (stream->Write(request)) stream->WritesDone();
  for (int64_t offset = request.offset;;) {
    ASSIGN_OR_RETURN(const auto chunk, stream->Read<proto::Chunk>());
    if (!chunk) return stream->Finish();
    if (chunk->offset != offset)
      return MakeError(Code::kDataLoss, "a chunk at {}, expected at {}", chunk->offset, offset);
    RETURN_IF_ERROR(take(chunk->data.value));
    offset += static_cast<int64_t>(chunk->data.value.size());
  }
}

Result<std::string> FetchBlob(Channel& channel, const RunId& run, const Digest& digest,
                              size_t limit, std::stop_token stop) {
  std::string bytes;
  const auto take = [&](std::string_view part) -> Status {
    if (bytes.size() + part.size() > limit)
      return MakeError(Code::kResourceExhausted, "a blob of more than {} bytes", limit);
    bytes += part;
    return {};
  };
  RETURN_IF_ERROR(Fetch(channel, {run, {}, {digest}, 0}, take, std::move(stop)));
  if (Sha256(bytes) != digest)
    return MakeError(Code::kDataLoss, "{} bytes were fetched that are not {}", bytes.size(),
                     digest.Hex());
  return bytes;
}

}  // namespace tributary::rpc
