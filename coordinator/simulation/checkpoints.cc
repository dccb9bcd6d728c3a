#include "coordinator/simulation/checkpoints.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tributary::simulation {
namespace {
constexpr size_t kKept = 2;  // digests whose opened checkpoints stay in memory

std::string FactName(const Digest& digest, int64_t rank) {
  return fmt::format("sizes/{}/{}", digest.Hex(), rank);
}
}  // namespace

Result<std::shared_ptr<const ClientCheckpoint>> Checkpoints::Load(
    const Digest& digest, int64_t rank, std::map<Digest, int64_t>* sizes) {
  const strategy::AdapterSpec& spec = folder_.plan().adapter;
  ASSIGN_OR_RETURN(fold::RunState state, folder_.Open(digest));
  auto out = std::make_shared<ClientCheckpoint>();
  out->class_counts = std::move(state.class_counts);
  if (state.adapter.empty()) {
    for (const auto& [name, tensor] : state.head)
      (*sizes)[strategy::TensorDigest(tensor.view())] = static_cast<int64_t>(tensor.bytes().size());
    out->head = std::move(state.head);
    return std::shared_ptr<const ClientCheckpoint>(std::move(out));
  }
  TensorMap published = strategy::Publish(spec, state.adapter, rank);
  for (const strategy::Fetch& fetch : strategy::TensorsToFetch(spec, published, {}))
    (*sizes)[fetch.digest] = fetch.bytes;
  for (const auto& [name, entry] : spec.head)
    if (const auto it = published.find(name); it != published.end()) out->head[name] = it->second;
  ASSIGN_OR_RETURN(strategy::Checkpoint opened,
                   strategy::OpenCheckpoint(spec, rank, std::move(published)));
  out->checkpoint = std::make_shared<const strategy::Checkpoint>(std::move(opened));
  return std::shared_ptr<const ClientCheckpoint>(std::move(out));
}

Result<std::shared_ptr<const ClientCheckpoint>> Checkpoints::Open(const Digest& digest,
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
    const auto json = nlohmann::json::parse(*fact, nullptr, false);
    for (const auto& [hex, bytes] : json.items()) {
      ASSIGN_OR_RETURN(const Digest tensor, Digest::FromHex(hex));
      sizes[tensor] = bytes.get<int64_t>();
    }
    return sizes;
  }
  RETURN_IF_ERROR(Load(digest, rank, &sizes));
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [tensor, bytes] : sizes) json[tensor.Hex()] = bytes;
  RETURN_IF_ERROR(facts_.Put(run_, FactName(digest, rank), json.dump()));
  return sizes;
}

}  // namespace tributary::simulation
