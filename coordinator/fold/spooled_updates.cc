#include "coordinator/fold/spooled_updates.h"

#include <algorithm>

namespace tributary::fold {
namespace {

struct Upload {
  std::shared_ptr<const store::Blob> blob;  // keeps the views alive
  SafetensorsContent content;
};

Result<Upload> Open(const OpenUpload& open, int64_t sequence,
                    const coordinator::AcceptedUpdate& update) {
  Upload upload;
  auto blob = open(sequence, update.client, update.digest);
  if (!blob) return Annotate(blob.error(), "update of " + update.client.value);
  upload.blob = *std::move(blob);
  auto content = ParseSafetensors(upload.blob->bytes());
  if (!content) return Annotate(content.error(), "update of " + update.client.value);
  upload.content = *std::move(content);
  return upload;
}

}  // namespace

Status SpooledUpdates::ForEach(const Visitor& visit) {
  const auto& updates = command_.updates;
  for (size_t begin = 0; begin < updates.size(); begin += kGroup) {
    std::vector<Upload> open;
    std::vector<strategy::Update> group;
    for (size_t i = begin; i < std::min(begin + kGroup, updates.size()); ++i) {
      ASSIGN_OR_RETURN(Upload upload, Open(open_, command_.task.sequence, updates[i]));
      open.push_back(std::move(upload));
      group.push_back({updates[i].client.value, updates[i].weight, rank_of_(updates[i].client),
                       open.back().content.tensors});
    }
    RETURN_IF_ERROR(visit(group));
  }
  return {};
}

Status ForEachUpload(
    const OpenUpload& open, const coordinator::FinishAggregate& command,
    const std::function<Status(const coordinator::AcceptedUpdate&, const TensorViewMap&)>& visit) {
  for (const coordinator::AcceptedUpdate& update : command.updates) {
    ASSIGN_OR_RETURN(const Upload upload, Open(open, command.task.sequence, update));
    RETURN_IF_ERROR(visit(update, upload.content.tensors));
  }
  return {};
}

}  // namespace tributary::fold
