#include "coordinator/daemon/registry.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"

namespace tributary::daemon {
namespace {
constexpr std::string_view kPrefix = "client/", kRejections = "rejections/";
}

Result<Registry> Registry::Open(store::StateStore& store) {
  Registry registry(store);
  ASSIGN_OR_RETURN(const store::Facts facts, store.List(kProject, kPrefix));
  for (const auto& [key, value] : facts) {
    const auto json = ParseJson(value);
    if (!json.is_object() || !json.contains("tags"))
      return MakeError(Code::kDataLoss, "{}: cannot be read", key);
    registry.clients_[ClientId{key.substr(kPrefix.size())}].tags = json["tags"].get<Tags>();
  }
  RETURN_IF_ERROR(registry.ReadRejections());
  return registry;
}

Status Registry::ReadRejections() {
  ASSIGN_OR_RETURN(const store::Facts facts, store_->List(kProject, kRejections));
  for (const auto& [key, value] : facts) {
    const auto json = ParseJson(value);
    Client* client = Find(ClientId{key.substr(kRejections.size())});
    if (client == nullptr || !json.is_object() || !json.contains("rejected") ||
        !json.contains("quarantine"))
      return MakeError(Code::kDataLoss, "{}: cannot be read", key);
    for (const int64_t at : json["rejected"].get<std::vector<int64_t>>())
      client->rejected.push_back({Duration(at)});
    if (!json["quarantine"].is_null())
      client->quarantine = TimePoint{Duration(json["quarantine"].get<int64_t>())};
  }
  return {};
}

Status Registry::KeepRejections(const ClientId& name) {
  const Client& client = clients_.at(name);
  nlohmann::json json = {{"schema", 1}, {"rejected", nlohmann::json::array()}};
  for (const TimePoint at : client.rejected) json["rejected"].push_back(at.since_epoch.count());
  json["quarantine"] = nullptr;
  if (client.quarantine) json["quarantine"] = client.quarantine->since_epoch.count();
  return store_->Put(kProject, std::string(kRejections) + name.value, DumpJson(json));
}

Result<bool> Registry::Reject(const ClientId& name, TimePoint now, const Limits& limits) {
  Client& client = clients_.at(name);
  if (client.quarantine) return false;
  std::erase_if(client.rejected, [&](TimePoint at) { return at + limits.rejection_window <= now; });
  client.rejected.push_back(now);
  const bool is_too_much = static_cast<int64_t>(client.rejected.size()) >= limits.rejections;
  if (is_too_much) client.quarantine = now;
  RETURN_IF_ERROR(KeepRejections(name));
  return is_too_much;
}

Status Registry::Release(const ClientId& name) {
  Client* client = Find(name);
  if (client == nullptr)
    return MakeError(Code::kNotFound, "there is no client {} in the project", name.value);
  if (!client->quarantine)
    return MakeError(Code::kFailedPrecondition, "{} is not in quarantine", name.value);
  client->quarantine.reset();
  client->rejected.clear();
  return KeepRejections(name);
}

Status Registry::Enrol(const ClientId& name, Tags tags) {
  const nlohmann::json json = {{"schema", 1}, {"tags", tags}};
  RETURN_IF_ERROR(store_->Put(kProject, std::string(kPrefix) + name.value, DumpJson(json)));
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
