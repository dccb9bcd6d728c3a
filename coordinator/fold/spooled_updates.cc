#include "coordinator/fold/spooled_updates.h"

#include <algorithm>

namespace tributary::fold {
namespace {

struct OpenUpload {
  std::shared_ptr<const store::Blob> blob;  // keeps the views alive
  SafetensorsContent content;
};

Result<OpenUpload> Open(const store::BlobStore& blobs, const coordinator::AcceptedUpdate& update) {
  OpenUpload upload;
  auto blob = blobs.Open(update.digest);
  if (!blob) return Annotate(blob.error(), "update of " + update.client.value);
  upload.blob = *std::move(blob);
  auto content = ParseSafetensors(upload.blob->bytes());
  if (!content) return Annotate(content.error(), "update of " + update.client.value);
  upload.content = *std::move(content);
  return upload;
}

}  // namespace

Status SpooledUpdates::ForEach(const Visitor& visit) {
  for (size_t begin = 0; begin < updates_.size(); begin += kGroup) {
    std::vector<OpenUpload> open;
    std::vector<strategy::Update> group;
    for (size_t i = begin; i < std::min(begin + kGroup, updates_.size()); ++i) {
      ASSIGN_OR_RETURN(OpenUpload upload, Open(blobs_, updates_[i]));
      open.push_back(std::move(upload));
      group.push_back({updates_[i].client.value, updates_[i].weight, rank_of_(updates_[i].client),
                       open.back().content.tensors});
    }
    RETURN_IF_ERROR(visit(group));
  }
  return {};
}

Status ForEachUpload(
    const store::BlobStore& blobs, const std::vector<coordinator::AcceptedUpdate>& updates,
    const std::function<Status(const coordinator::AcceptedUpdate&, const TensorViewMap&)>& visit) {
  for (const coordinator::AcceptedUpdate& update : updates) {
    ASSIGN_OR_RETURN(const OpenUpload upload, Open(blobs, update));
    RETURN_IF_ERROR(visit(update, upload.content.tensors));
  }
  return {};
}

}  // namespace tributary::fold
