#include "client/task/local_parts.h"

#include <charconv>

#include "aggregation/base/digest.h"
#include "aggregation/base/file.h"
#include "aggregation/tensor/safetensors.h"

namespace tributary::client {

std::filesystem::path LocalParts::Of(const std::string& client) const {
  return directory_ / Sha256(client).Hex().substr(0, 32);
}

Result<TensorMap> LocalParts::Load(const std::string& client, int64_t round) const {
  int64_t newest = -1;
  std::filesystem::path found;
  for (const std::filesystem::path& path : PathsIn(Of(client))) {
    const std::string stem = path.stem().string();
    int64_t number = -1;
    const auto [end, fault] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (fault != std::errc() || end != stem.data() + stem.size() ||
        path.extension() != ".safetensors")
      continue;
    if (number < round && number > newest) newest = number, found = path;
  }
  if (newest < 0) return TensorMap();
  return ReadSafetensors(found);
}

Status LocalParts::Save(const std::string& client, int64_t round, const TensorMap& parts) const {
  RETURN_IF_ERROR(MakeDirectories(Of(client)));
  return WriteSafetensors(Of(client) / fmt::format("{}.safetensors", round), parts);
}

}  // namespace tributary::client
