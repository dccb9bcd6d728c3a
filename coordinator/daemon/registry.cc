#include "coordinator/daemon/registry.h"

#include <nlohmann/json.hpp>

namespace tributary::daemon {
namespace {
constexpr std::string_view kPrefix = "client/";
}

Result<Registry> Registry::Open(store::StateStore& store) {
  Registry registry(store);
  ASSIGN_OR_RETURN(const store::Facts facts, store.List(kProject, kPrefix));
  for (const auto& [key, value] : facts) {
    const auto json = nlohmann::json::parse(value, nullptr, false);
    if (!json.is_object() || !json.contains("tags"))
      return MakeError(Code::kDataLoss, "{}: cannot be read", key);
    registry.clients_[ClientId{key.substr(kPrefix.size())}].tags = json["tags"].get<Tags>();
  }
  return registry;
}

Status Registry::Enrol(const ClientId& name, Tags tags) {
  const nlohmann::json json = {{"schema", 1}, {"tags", tags}};
  RETURN_IF_ERROR(store_->Put(kProject, std::string(kPrefix) + name.value, json.dump()));
  clients_[name].tags = std::move(tags);
  return {};
}

Client* Registry::Find(const ClientId& name) {
  const auto it = clients_.find(name);
  return it == clients_.end() ? nullptr : &it->second;
}
const Client* Registry::Find(const ClientId& name) const {
  const auto it = clients_.find(name);
  return it == clients_.end() ? nullptr : &it->second;
}

std::vector<ClientId> Registry::Eligible(const Tags& where, std::string_view designated,
                                         bool only_connected) const {
  std::vector<ClientId> names;
  for (const auto& [name, client] : clients_) {
    if (name.value == designated || (only_connected && !client.is_connected)) continue;
    if (Fits(where, client.tags)) names.push_back(name);
  }
  return names;
}

}  // namespace tributary::daemon
