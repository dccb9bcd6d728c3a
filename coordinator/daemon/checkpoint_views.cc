#include "coordinator/daemon/checkpoint_views.h"

#include <algorithm>

namespace tributary::daemon {
namespace {

constexpr size_t kKept = 8;  // open views; each costs a mapping and its list of tensors

}  // namespace

Result<std::shared_ptr<const CheckpointView>> CheckpointViews::Open(const Digest& checkpoint,
                                                                    int64_t rank) {
  const std::scoped_lock lock(mutex_);  // held while it is made: everybody wants the same one
  const std::pair key{checkpoint, rank};
  for (const auto& [at, view] : open_)
    if (at == key) return view;
  ASSIGN_OR_RETURN(const strategy::RunState state, folder_.Open(checkpoint));
  const std::string bytes =
      SerializeSafetensors(strategy::ClientTensors(folder_.plan().adapter, state, rank));
  ASSIGN_OR_RETURN(const Digest digest, blobs_.Put(std::as_bytes(std::span(bytes))));
  auto view = std::make_shared<CheckpointView>();
  ASSIGN_OR_RETURN(view->blob, blobs_.Open(digest));
  RETURN_IF_ERROR(blobs_.Delete(digest));  // stays readable while it is open
  ASSIGN_OR_RETURN(const SafetensorsContent content, ParseSafetensors(view->blob->bytes()));
  for (const auto& [name, tensor] : content.tensors) {
    proto::TensorEntry entry{name, std::string(DTypeName(tensor.dtype)), {}, {}, 0};
    entry.shape.assign(tensor.shape.begin(), tensor.shape.end());
    entry.digest = strategy::TensorDigest(tensor);
    entry.size = static_cast<int64_t>(tensor.bytes.size());
    view->tensors[entry.digest] = tensor.bytes;
    view->manifest.tensors.push_back(std::move(entry));
  }
  open_.emplace_back(key, view);
  if (open_.size() > kKept) open_.erase(open_.begin());
  return std::shared_ptr<const CheckpointView>(std::move(view));
}

}  // namespace tributary::daemon
