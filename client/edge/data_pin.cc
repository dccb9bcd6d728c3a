#include "client/edge/data_pin.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"

namespace tributary::edge {
namespace {

constexpr std::string_view kPinned = "data", kChanged = "data_changed";

// Empty where nothing is kept.
Result<DataDigests> Get(store::StateStore& store, const RunId& run, std::string_view key) {
  ASSIGN_OR_RETURN(const auto text, store.Get(run, key));
  DataDigests digests;
  if (!text || text->empty()) return digests;
  const auto json = ParseJson(*text);
  if (!json.is_object())
    return MakeError(Code::kDataLoss, "run {}: its fact {} cannot be read", run.value, key);
  for (const auto& [name, digest] : json.items())
    if (digest.is_string()) digests[name] = digest.get<std::string>();
  return digests;
}

std::string Text(const DataDigests& digests) { return DumpJson(nlohmann::json(digests)); }

}  // namespace

Result<DataDigests> DataFiles::Digests() {
  DataDigests digests;
  const std::pair<const char*, const std::filesystem::path*> files[] = {
      {"data.train", &settings_.train},
      {"data.public", &settings_.public_train},
      {"data.test", &settings_.test}};
  for (const auto& [key, path] : files) {
    if (path->empty()) continue;
    std::error_code no_size, no_time;
    Seen now{std::filesystem::file_size(*path, no_size),
             std::filesystem::last_write_time(*path, no_time), ""};
    const auto it = seen_.find(*path);
    const bool is_known = !no_size && !no_time && it != seen_.end() &&
                          it->second.size == now.size && it->second.changed == now.changed;
    if (!is_known) {
      ASSIGN_OR_RETURN(const Digest digest, Sha256File(*path));
      now.digest = digest.Hex();
      seen_[*path] = now;
    }
    digests[key] = seen_[*path].digest;
  }
  return digests;
}

Result<std::string> DataPin::Check(const RunId& run, const DataDigests& digests) {
  ASSIGN_OR_RETURN(const auto pinned, store_.Get(run, kPinned));
  if (!pinned) {
    RETURN_IF_ERROR(store_.Put(run, kPinned, Text(digests)));
    return std::string();
  }
  ASSIGN_OR_RETURN(const DataDigests before, Get(store_, run, kPinned));
  if (before == digests) {  // again, perhaps: what they were meanwhile is not to be confirmed
    ASSIGN_OR_RETURN(const auto changed, store_.Get(run, kChanged));
    if (changed && !changed->empty()) RETURN_IF_ERROR(store_.Put(run, kChanged, ""));
    return std::string();
  }
  std::vector<std::string> changes;
  for (const auto& [key, digest] : digests) {
    const auto it = before.find(key);
    if (it == before.end())
      changes.push_back(fmt::format("{} is new", key));
    else if (it->second != digest)
      changes.push_back(fmt::format("{} was {}, is {}", key, it->second, digest));
  }
  for (const auto& [key, digest] : before)
    if (!digests.contains(key)) changes.push_back(fmt::format("{} is gone", key));
  RETURN_IF_ERROR(store_.Put(run, kChanged, Text(digests)));
  return fmt::format("{}", fmt::join(changes, "; "));
}

Result<bool> DataPin::Confirm(const RunId& run) {
  ASSIGN_OR_RETURN(const DataDigests changed, Get(store_, run, kChanged));
  if (changed.empty()) return false;
  RETURN_IF_ERROR(store_.Put(run, kPinned, Text(changed)));
  RETURN_IF_ERROR(store_.Put(run, kChanged, ""));
  return true;
}

}  // namespace tributary::edge
