#include "client/edge/tensor_cache.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "aggregation/base/file.h"
#include "aggregation/strategy/checkpoint.h"
#include "proto/rpc/fetch.h"

namespace tributary::edge {
namespace {

namespace fs = std::filesystem;

std::string_view TextOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void Copy(std::string_view from, std::span<std::byte> to) {
  std::ranges::copy(std::as_bytes(std::span(from)), to.begin());
}

}  // namespace

fs::path TensorCache::PartOf(const Digest& digest) const {
  return directory_ / (digest.Hex() + ".part");
}

std::optional<Tensor> TensorCache::Find(const proto::TensorEntry& entry) const {
  const fs::path file = FileOf(entry.digest);
  const auto bytes = ReadFile(file);
  if (!bytes || static_cast<int64_t>(bytes->size()) != entry.size) return std::nullopt;
  Tensor tensor = EmptyTensor(entry);
  Copy(*bytes, tensor.bytes());
  if (strategy::TensorDigest(tensor.view()) != entry.digest) return std::nullopt;
  std::error_code ignored;
  fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);  // it was used
  return tensor;
}

// The tensor of which a part is there comes first; how many bytes that is.
int64_t TensorCache::TakeUpPart(std::vector<Missing>& missing) const {
  for (Missing& one : missing) {
    const auto part = ReadFile(PartOf(one.entry->digest));
    if (!part || static_cast<int64_t>(part->size()) >= one.entry->size) continue;
    Copy(*part, one.tensor->bytes());
    std::swap(one, missing.front());
    return static_cast<int64_t>(part->size());
  }
  return 0;
}

Status TensorCache::Keep(const Missing& whole) const {
  std::error_code ignored;
  fs::remove(PartOf(whole.entry->digest), ignored);
  if (strategy::TensorDigest(whole.tensor->view()) != whole.entry->digest)
    return MakeError(Code::kAborted, "{}: the fetched bytes are not {}", whole.entry->name,
                     whole.entry->digest.Hex());
  return WriteFile(FileOf(whole.entry->digest), TextOf(whole.tensor->bytes()));
}

void TensorCache::Forget(const proto::CheckpointManifest& keep) const {
  std::set<std::string> names;
  for (const proto::TensorEntry& entry : keep.tensors) names.insert(entry.digest.Hex());
  std::vector<std::tuple<fs::file_time_type, fs::path, int64_t>> others;
  int64_t used = 0;
  std::error_code error;
  for (const fs::path& file : PathsIn(directory_)) {
    const auto size = static_cast<int64_t>(fs::file_size(file, error));
    if (error) continue;
    used += size;
    if (!names.contains(file.filename().string()))
      others.emplace_back(fs::last_write_time(file, error), file, size);
  }
  std::sort(others.begin(), others.end());
  for (const auto& [time, file, size] : others) {
    if (used <= quota_) return;
    fs::remove(file, error);
    used -= size;
  }
}

Result<TensorMap> TensorCache::Checkpoint(rpc::Channel& channel, const RunId& run,
                                          const Digest& checkpoint, int64_t* fetched,
                                          std::stop_token stop) {
  RETURN_IF_ERROR(MakeDirectories(directory_));
  ASSIGN_OR_RETURN(const auto manifest,
                   channel.Call<proto::CheckpointManifest>(
                       "Transfer/Manifest", proto::ManifestRequest{run, checkpoint}));
  RETURN_IF_ERROR(CheckManifest(manifest));
  TensorMap tensors;
  std::vector<Missing> missing;
  for (const proto::TensorEntry& entry : manifest.tensors) {
    auto kept = Find(entry);
    Tensor& tensor = tensors[entry.name] = kept ? *std::move(kept) : EmptyTensor(entry);
    if (!kept) missing.push_back({&entry, &tensor});
  }
  if (missing.empty()) return tensors;
  proto::FetchRequest request{run, checkpoint, {}, TakeUpPart(missing)};
  std::vector<Tensor*> into;
  for (const Missing& one : missing) {
    request.digests.push_back(one.entry->digest);
    into.push_back(one.tensor);
  }
  Filler filler(into, static_cast<size_t>(request.offset));
  size_t kept = 0;
  const auto keep_what_is_full = [&]() -> Status {
    while (kept < filler.full()) RETURN_IF_ERROR(Keep(missing[kept++]));
    return {};
  };
  const Status fetch = rpc::Fetch(
      channel, request,
      [&](std::string_view part) -> Status {
        *fetched += static_cast<int64_t>(part.size());
        RETURN_IF_ERROR(filler.Take(part));
        return keep_what_is_full();
      },
      std::move(stop));
  if (fetch && filler.is_full()) {
    RETURN_IF_ERROR(keep_what_is_full());  // empty ones at the end
    Forget(manifest);
    return tensors;
  }
  if (!filler.is_full() && filler.begun() > 0 && kept == filler.full()) {
    const Missing& begun = missing[filler.full()];
    RETURN_IF_ERROR(WriteFile(PartOf(begun.entry->digest),
                              TextOf(begun.tensor->bytes().first(filler.begun()))));
  }
  if (!fetch) return tl::unexpected(fetch.error());
  return MakeError(Code::kUnavailable, "the download was broken off");
}

}  // namespace tributary::edge
