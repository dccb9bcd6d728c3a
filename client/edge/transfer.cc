#include "client/edge/transfer.h"

#include <algorithm>
#include <set>

#include "aggregation/base/file.h"
#include "aggregation/strategy/checkpoint.h"
#include "client/edge/manifest.h"
#include "proto/rpc/fetch.h"

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
    if (stop.stop_requested()) {
      stream->Cancel();
      return stream->Finish() ? MakeError(Code::kCancelled, "stopped") : ended();
    }
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
    if (!state || !state->committed) return ended();
  }
  return {};
}

std::optional<Tensor> TensorCache::Find(const proto::TensorEntry& entry) const {
  const auto bytes = ReadFile(directory_ / entry.digest.Hex());
  if (!bytes || static_cast<int64_t>(bytes->size()) != entry.size) return std::nullopt;
  Tensor tensor = EmptyTensor(entry);
  std::copy_n(reinterpret_cast<const std::byte*>(bytes->data()), bytes->size(),
              tensor.bytes().begin());
  if (strategy::TensorDigest(tensor.view()) != entry.digest) return std::nullopt;
  return tensor;
}

void TensorCache::Forget(const proto::CheckpointManifest& keep) const {
  std::set<std::string> names;
  for (const proto::TensorEntry& entry : keep.tensors) names.insert(entry.digest.Hex());
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(directory_, error))
    if (!names.contains(file.path().filename().string())) std::filesystem::remove(file, error);
}

Result<TensorMap> TensorCache::Checkpoint(rpc::Channel& channel, const RunId& run,
                                          const Digest& checkpoint, int64_t* fetched) {
  RETURN_IF_ERROR(MakeDirectories(directory_));
  ASSIGN_OR_RETURN(const auto manifest,
                   channel.Call<proto::CheckpointManifest>(
                       "Transfer/Manifest", proto::ManifestRequest{run, checkpoint}));
  RETURN_IF_ERROR(CheckManifest(manifest));
  TensorMap tensors;
  std::vector<const proto::TensorEntry*> missing;
  for (const proto::TensorEntry& entry : manifest.tensors) {
    if (auto kept = Find(entry)) {
      tensors[entry.name] = *std::move(kept);
      continue;
    }
    tensors[entry.name] = EmptyTensor(entry);
    missing.push_back(&entry);
  }
  if (missing.empty()) return tensors;
  proto::FetchRequest request{run, checkpoint, {}, 0};
  std::vector<Tensor*> into;
  for (const proto::TensorEntry* entry : missing) {
    request.digests.push_back(entry->digest);
    into.push_back(&tensors.at(entry->name));
    *fetched += entry->size;
  }
  Filler filler(into);
  RETURN_IF_ERROR(
      rpc::Fetch(channel, request, [&](std::string_view part) { return filler.Take(part); }));
  if (!filler.is_full()) return MakeError(Code::kUnavailable, "the download was broken off");
  for (const proto::TensorEntry* entry : missing) {
    const Tensor& tensor = tensors.at(entry->name);
    if (strategy::TensorDigest(tensor.view()) != entry->digest)
      return MakeError(Code::kDataLoss, "{}: the fetched bytes are not {}", entry->name,
                       entry->digest.Hex());
    RETURN_IF_ERROR(
        WriteFile(directory_ / entry->digest.Hex(),
                  {reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size()}));
  }
  Forget(manifest);
  return tensors;
}

}  // namespace tributary::edge
