// model.safetensors.index.json: which of a model's files holds which tensor.

#include <nlohmann/json.hpp>
#include <set>

#include "aggregation/tensor/safetensors.h"

namespace tributary {
namespace {

constexpr size_t kMaxIndex = 100'000'000;  // bytes, as a header

using Shards = std::map<std::string, std::set<std::string>>;  // tensors' names by file

// The JSON with duplicate keys refused, of which the library's own reader would keep the last.
Result<nlohmann::json> ParseUnique(const std::string& text) {
  using Json = nlohmann::json;
  std::vector<std::set<std::string>> keys;
  std::string duplicate;
  const auto note = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      duplicate = value.get<std::string>();
    return true;
  };
  Json json = Json::parse(text, note, false);
  if (!duplicate.empty()) return InvalidArgument("duplicate key \"{}\"", duplicate);
  return json;
}

// A name in the index's own directory, that no file system takes for a way out of it.
bool IsPlainFileName(const std::string& name) {
  if (name.empty() || name.size() > 255 || name.starts_with('.')) return false;
  for (const char c : name)
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20) return false;
  return true;
}

Result<Shards> ParseIndex(const std::string& text) {
  ASSIGN_OR_RETURN(const nlohmann::json json, ParseUnique(text));
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    return InvalidArgument("expected a JSON object with an object \"weight_map\"");
  Shards shards;
  for (const auto& [name, file] : json["weight_map"].items()) {
    if (!file.is_string() || !IsPlainFileName(file.get<std::string>()))
      return InvalidArgument("{} names shard {}, expected a plain file name", name,
                             file.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
    shards[file.get<std::string>()].insert(name);
  }
  return shards;
}

}  // namespace

Result<std::shared_ptr<const SafetensorsReader>> SafetensorsReader::OpenSharded(
    const std::filesystem::path& index) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(index, kMaxIndex));
  const auto shards = ParseIndex(text);
  if (!shards) return Annotate(shards.error(), index.string());
  std::shared_ptr<SafetensorsReader> reader(new SafetensorsReader);
  for (const auto& [shard, names] : *shards) {
    SafetensorsContent content;
    RETURN_IF_ERROR(reader->Map(index.parent_path() / shard, &content));
    reader->shards_.push_back(shard);
    for (const std::string& name : names)
      if (!content.tensors.contains(name))
        return InvalidArgument("{}: {} is not in {}", index.string(), name, shard);
    for (auto& [name, view] : content.tensors) {
      if (!names.contains(name))
        return InvalidArgument("{}: {} is in {}, where the index does not place it", index.string(),
                               name, shard);
      reader->tensors_.emplace(name, view);
    }
  }
  return std::shared_ptr<const SafetensorsReader>(std::move(reader));
}

}  // namespace tributary
