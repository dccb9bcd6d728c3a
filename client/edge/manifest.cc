#include "client/edge/manifest.h"

#include <algorithm>
#include <set>

namespace tributary::edge {

Status CheckManifest(const proto::CheckpointManifest& manifest) {
  std::set<std::string_view> names;
  int64_t total = 0;
  for (const proto::TensorEntry& entry : manifest.tensors) {
    if (!names.insert(entry.name).second)
      return InvalidArgument("{}: is in the checkpoint twice", entry.name);
    const auto dtype = ParseDType(entry.dtype);
    if (!dtype) return InvalidArgument("{}: dtype {}", entry.name, entry.dtype);
    const auto count = ElementCount(entry.shape);
    if (!count || *count * static_cast<int64_t>(SizeOf(*dtype)) != entry.size)
      return InvalidArgument("{}: {} bytes, which is not its shape", entry.name, entry.size);
    if (entry.size > kMaxCheckpoint - total)
      return InvalidArgument("{}: with it the checkpoint has more than {} bytes", entry.name,
                             kMaxCheckpoint);
    total += entry.size;
  }
  return {};
}

Tensor EmptyTensor(const proto::TensorEntry& entry) {
  return Tensor(*ParseDType(entry.dtype), entry.shape);
}

Filler::Filler(std::vector<Tensor*> tensors, size_t begun)
    : tensors_(std::move(tensors)), filled_(begun) {
  SkipFull();
}

void Filler::SkipFull() {
  while (next_ < tensors_.size() && filled_ == tensors_[next_]->bytes().size())
    ++next_, filled_ = 0;
}

Status Filler::Take(std::string_view bytes) {
  while (!bytes.empty()) {
    if (is_full()) return MakeError(Code::kDataLoss, "more bytes than were asked");
    const std::span<std::byte> into = tensors_[next_]->bytes().subspan(filled_);
    const size_t part = std::min(into.size(), bytes.size());
    std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), part, into.begin());
    bytes.remove_prefix(part);
    filled_ += part;
    SkipFull();
  }
  return {};
}

}  // namespace tributary::edge
