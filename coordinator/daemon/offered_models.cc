#include "coordinator/daemon/offered_models.h"

#include "client/model/directory.h"

namespace tributary::daemon {
namespace {

Result<OfferedModel> Open(const model::Directory& directory) {
  OfferedModel offered;
  for (const std::string& name : directory.files) {
    ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(directory.path / name));
    auto file = std::make_shared<const MappedFile>(std::move(mapped));
    const Digest digest = Sha256(file->bytes());
    offered.manifest.files.push_back({name, digest, static_cast<int64_t>(file->bytes().size())});
    offered.files[digest] = std::move(file);
  }
  return offered;
}

}  // namespace

Result<OfferedModels> OfferedModels::Open(const std::vector<std::string>& directories) {
  OfferedModels models;
  for (const std::string& path : directories) {
    const auto directory = model::OpenDirectory(path);
    if (!directory) return Annotate(directory.error(), "models.offered");
    auto offered = daemon::Open(*directory);
    if (!offered) return Annotate(offered.error(), "models.offered");
    models.models_[directory->digest.Hex()] =
        std::make_shared<const OfferedModel>(*std::move(offered));
  }
  return models;
}

std::shared_ptr<const OfferedModel> OfferedModels::Find(const std::string& digest) const {
  const auto it = models_.find(digest);
  return it == models_.end() ? nullptr : it->second;
}

}  // namespace tributary::daemon
