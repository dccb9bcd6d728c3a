#include "coordinator/daemon/transfers.h"

#include <algorithm>

namespace tributary::daemon {

int64_t Payload::size() const {
  int64_t bytes = 0;
  for (const auto& part : parts) bytes += static_cast<int64_t>(part.size());
  return bytes;
}

namespace {

Result<Run*> RunWith(Federation& federation, const ClientId& client, const RunId& id) {
  ASSIGN_OR_RETURN(Run* const run, federation.RunOf(id));
  const auto clients = federation.ClientsOf(*run);
  if (!std::binary_search(clients.begin(), clients.end(), client))
    return MakeError(Code::kPermissionDenied, "{} does not take part in run {}", client.value,
                     id.value);
  return run;
}

Result<Payload> FilesOf(const std::shared_ptr<const OfferedModel>& model,
                        const std::vector<Digest>& digests) {
  Payload payload{{model}, {}};
  for (const Digest& digest : digests) {
    const auto it = model->files.find(digest);
    if (it == model->files.end())
      return MakeError(Code::kNotFound, "the model has no file {}", digest.Hex());
    payload.parts.push_back(it->second->bytes());
  }
  return payload;
}

}  // namespace

Result<std::shared_ptr<const OfferedModel>> Transfers::Model(Federation& federation,
                                                             const ClientId& client,
                                                             const RunId& id) const {
  ASSIGN_OR_RETURN(Run* const run, RunWith(federation, client, id));
  auto model = models_.Find(run->setup().config.model.digest);
  if (model == nullptr)
    return MakeError(Code::kNotFound, "the coordinator does not offer base model {}",
                     run->setup().config.model.digest);
  return model;
}

Result<std::function<Result<std::shared_ptr<const CheckpointView>>()>> Transfers::View(
    Federation& federation, const ClientId& client, const RunId& id, const Digest& checkpoint) {
  ASSIGN_OR_RETURN(Run* const run, RunWith(federation, client, id));
  RETURN_IF_ERROR(run->CheckLive());
  const coordinator::State* state = run->state();
  const coordinator::Stage* stage = state->OpenStage();
  const bool is_current =
      checkpoint == state->checkpoint || (stage && checkpoint == stage->task.checkpoint);
  const bool is_kept =
      run->is_finished() && checkpoint == state->Kept(run->setup().plan.run).checkpoint;
  if (!is_current && !is_kept)
    return MakeError(Code::kFailedPrecondition, "run {} does not publish checkpoint {} now",
                     id.value, checkpoint.Hex());
  auto& views = views_[id];
  if (views == nullptr) views = std::make_shared<CheckpointViews>(run->folder(), run->views());
  const Client* known = federation.registry().Find(client);
  return [views, checkpoint, rank = run->setup().RankOf(known->tags)] {
    return views->Open(checkpoint, rank);
  };
}

Result<std::function<Result<proto::CheckpointManifest>()>> Transfers::Manifest(
    Federation& federation, const ClientId& client, const proto::ManifestRequest& request) {
  ASSIGN_OR_RETURN(auto open, View(federation, client, request.run, request.checkpoint));
  return [open]() -> Result<proto::CheckpointManifest> {
    ASSIGN_OR_RETURN(const auto view, open());
    return view->manifest;
  };
}

Result<Opener> Transfers::Fetch(Federation& federation, const ClientId& client,
                                const proto::FetchRequest& request) {
  ASSIGN_OR_RETURN(Run* const run, RunWith(federation, client, request.run));
  if (request.checkpoint.Hex() == run->setup().config.model.digest) {
    ASSIGN_OR_RETURN(const auto model, Model(federation, client, request.run));
    return [model, digests = request.digests] { return FilesOf(model, digests); };
  }
  if (request.checkpoint != Digest{}) {
    ASSIGN_OR_RETURN(auto open, View(federation, client, request.run, request.checkpoint));
    return [open, digests = request.digests]() -> Result<Payload> {
      ASSIGN_OR_RETURN(const auto view, open());
      Payload payload{{view}, {}};
      for (const Digest& digest : digests) {
        const auto it = view->tensors.find(digest);
        if (it == view->tensors.end())
          return MakeError(Code::kNotFound, "the checkpoint has no tensor {}", digest.Hex());
        payload.parts.push_back(it->second);
      }
      return payload;
    };
  }
  if (request.digests.size() != 1 || request.digests[0] != run->setup().plan_blob)
    return MakeError(Code::kNotFound, "run {} offers nothing by that digest", request.run.value);
  auto text = std::make_shared<const std::string>(run->setup().plan_text);
  return [text]() -> Result<Payload> { return Payload{{text}, {std::as_bytes(std::span(*text))}}; };
}

Result<Opener> Transfers::FetchState(Federation& federation, const proto::FetchRequest& request) {
  ASSIGN_OR_RETURN(Run* const run, federation.RunOf(request.run));
  const auto& records = run->records();
  const bool is_published =
      request.digests.size() == 1 &&
      std::any_of(records.begin(), records.end(), [&](const coordinator::Record& record) {
        const auto* committed = std::get_if<coordinator::StageCommitted>(&record);
        return committed != nullptr && committed->digest == request.digests[0];
      });
  if (!is_published)
    return MakeError(Code::kNotFound, "run {} has published no such state", request.run.value);
  return [blobs = &run->blobs(), digest = request.digests[0]]() -> Result<Payload> {
    ASSIGN_OR_RETURN(const auto blob, blobs->Open(digest));
    return Payload{{blob}, {blob->bytes()}};
  };
}

}  // namespace tributary::daemon
