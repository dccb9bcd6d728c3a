#include "aggregation/tensor/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "aggregation/base/file.h"

namespace tributary {

Status SafetensorsReader::Map(const std::filesystem::path& file, SafetensorsContent* content) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return MakeError(errno == ENOENT ? Code::kNotFound : Code::kPermissionDenied, "{}: {}", file.string(), std::strerror(errno));
  struct stat facts {};
  if (::fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size == 0) {
    ::close(fd);
    return InvalidArgument("{}: {}, expected a safetensors file", file.string(),
                           S_ISDIR(facts.st_mode) ? "is a directory" : "is empty or no regular file");
  }
  void* address = ::mmap(nullptr, static_cast<size_t>(facts.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (address == MAP_FAILED) return MakeError(Code::kResourceExhausted, "{}: cannot map: {}", file.string(), std::strerror(errno));
  maps_.emplace_back(static_cast<const std::byte*>(address), static_cast<size_t>(facts.st_size));
  auto parsed = ParseSafetensors(maps_.back());
  if (!parsed) return Annotate(parsed.error(), file.string());
  *content = *std::move(parsed);
  return {};
}

SafetensorsReader::~SafetensorsReader() {
  for (const auto& map : maps_) ::munmap(const_cast<std::byte*>(map.data()), map.size());
}

Result<std::shared_ptr<const SafetensorsReader>> SafetensorsReader::Open(const std::filesystem::path& file) {
  std::shared_ptr<SafetensorsReader> reader(new SafetensorsReader);
  SafetensorsContent content;
  RETURN_IF_ERROR(reader->Map(file, &content));
  reader->tensors_ = std::move(content.tensors);
  reader->metadata_ = std::move(content.metadata);
  return std::shared_ptr<const SafetensorsReader>(std::move(reader));
}

Result<std::shared_ptr<const SafetensorsReader>> SafetensorsReader::OpenSharded(const std::filesystem::path& index) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(index));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    return InvalidArgument("{}: expected a JSON object with \"weight_map\"", index.string());
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& [name, file] : json["weight_map"].items()) {
    const std::string shard = file.is_string() ? file.get<std::string>() : "";
    if (shard.empty() || shard.find('/') != std::string::npos || shard.find('\\') != std::string::npos || shard.starts_with('.'))
      return InvalidArgument("{}: {} names shard \"{}\", expected a plain file name", index.string(), name, shard);
    shards[shard].insert(name);
  }
  std::shared_ptr<SafetensorsReader> reader(new SafetensorsReader);
  for (const auto& [shard, names] : shards) {
    SafetensorsContent content;
    RETURN_IF_ERROR(reader->Map(index.parent_path() / shard, &content));
    for (const std::string& name : names)
      if (!content.tensors.contains(name)) return InvalidArgument("{}: {} is not in {}", index.string(), name, shard);
    for (auto& [name, view] : content.tensors)
      if (!names.contains(name) || !reader->tensors_.emplace(name, view).second)
        return InvalidArgument("{}: {} of {} is named elsewhere or not at all", index.string(), name, shard);
  }
  return std::shared_ptr<const SafetensorsReader>(std::move(reader));
}

std::string SerializeSafetensors(const TensorMap& tensors, const Metadata& metadata) {
  std::vector<const TensorMap::value_type*> order;
  for (const auto& item : tensors) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return SizeOf(a->second.dtype()) > SizeOf(b->second.dtype());  // names are in order already
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  size_t offset = 0;
  for (const auto* item : order) {
    const size_t end = offset + item->second.bytes().size();
    header[item->first] = {{"dtype", DTypeName(item->second.dtype())},
                           {"shape", item->second.shape()},
                           {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  out.reserve(8 + text.size() + offset);
  out += text;
  for (const auto* item : order)
    out.append(reinterpret_cast<const char*>(item->second.bytes().data()), item->second.bytes().size());
  return out;
}

Status WriteSafetensors(const std::filesystem::path& path, const TensorMap& tensors, const Metadata& metadata) {
  return WriteFile(path, SerializeSafetensors(tensors, metadata));
}

Result<TensorMap> ReadSafetensors(std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(const SafetensorsContent content, ParseSafetensors(bytes));
  TensorMap tensors;
  for (const auto& [name, view] : content.tensors) tensors.emplace(name, Copy(view));
  return tensors;
}

Result<TensorMap> ReadSafetensors(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto reader, SafetensorsReader::Open(path));
  TensorMap tensors;
  for (const auto& [name, view] : reader->tensors()) tensors.emplace(name, Copy(view));
  return tensors;
}

}  // namespace tributary
