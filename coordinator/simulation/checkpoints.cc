#include "coordinator/simulation/checkpoints.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"

namespace tributary::simulation {
namespace {
constexpr size_t kKept = 2;  // digests whose opened checkpoints stay in memory

std::string FactName(const Digest& digest, int64_t rank) {
  return fmt::format("sizes/{}/{}", digest.Hex(), rank);
}
}  // namespace

Result<std::shared_ptr<const strategy::ClientCheckpoint>> Checkpoints::Load(
    const Digest& digest, int64_t rank, std::map<Digest, int64_t>* sizes) {
  const strategy::AdapterSpec& spec = folder_.plan().adapter;
  ASSIGN_OR_RETURN(const strategy::RunState state, folder_.Open(digest));
  TensorMap tensors = strategy::ClientTensors(spec, state, rank);
  for (const auto& [name, tensor] : tensors)
    (*sizes)[strategy::TensorDigest(tensor.view())] = static_cast<int64_t>(tensor.bytes().size());
  ASSIGN_OR_RETURN(strategy::ClientCheckpoint opened,
                   strategy::OpenClientTensors(spec, rank, std::move(tensors)));
  return std::make_shared<const strategy::ClientCheckpoint>(std::move(opened));
}

Result<std::shared_ptr<const strategy::ClientCheckpoint>> Checkpoints::Open(const Digest& digest,
                                                                            int64_t rank) {
  std::lock_guard lock(mutex_);
  if (const auto it = open_.find({digest, rank}); it != open_.end()) return it->second;
  std::map<Digest, int64_t> sizes;
  ASSIGN_OR_RETURN(auto loaded, Load(digest, rank, &sizes));
  if (std::find(newest_.begin(), newest_.end(), digest) == newest_.end()) newest_.push_back(digest);
  if (newest_.size() > kKept) {
    std::erase_if(open_, [&](const auto& item) { return item.first.first == newest_.front(); });
    newest_.erase(newest_.begin());
  }
  open_[{digest, rank}] = loaded;
  return loaded;
}

Result<std::map<Digest, int64_t>> Checkpoints::Sizes(const Digest& digest, int64_t rank) {
  std::map<Digest, int64_t> sizes;
  ASSIGN_OR_RETURN(const auto fact, facts_.Get(run_, FactName(digest, rank)));
  if (fact) {
    const auto json = ParseJson(*fact);
    for (const auto& [hex, bytes] : json.items()) {
      ASSIGN_OR_RETURN(const Digest tensor, Digest::FromHex(hex));
      sizes[tensor] = bytes.get<int64_t>();
    }
    return sizes;
  }
  RETURN_IF_ERROR(Load(digest, rank, &sizes));
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [tensor, bytes] : sizes) json[tensor.Hex()] = bytes;
  RETURN_IF_ERROR(facts_.Put(run_, FactName(digest, rank), DumpJson(json)));
  return sizes;
}

}  // namespace tributary::simulation
