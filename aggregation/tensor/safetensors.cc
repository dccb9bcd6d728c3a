#include "aggregation/tensor/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

namespace tributary {
namespace {

constexpr char kMetadata[] = "__metadata__";

// Where the reference package puts a type's data: ranks descend through a file.
int FileRank(DType dtype) {
  switch (dtype) {
    case DType::kI64:
      return 4;
    case DType::kF64:
      return 3;
    case DType::kF32:
      return 2;
    case DType::kBF16:
      return 1;
    case DType::kF16:
      return 0;
  }
  return 0;
}

std::vector<const TensorViewMap::value_type*> FileOrder(const TensorViewMap& tensors) {
  std::vector<const TensorViewMap::value_type*> order;
  for (const auto& item : tensors) order.push_back(&item);  // by name
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return FileRank(a->second.dtype) > FileRank(b->second.dtype);
  });
  return order;
}

// A JSON string.
std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

Result<std::string> Header(const std::vector<const TensorViewMap::value_type*>& order,
                           const Metadata& metadata) {
  std::vector<std::string> entries;
  size_t offset = 0;
  try {
    if (!metadata.empty())
      entries.push_back(fmt::format("\"{}\":{}", kMetadata, nlohmann::json(metadata).dump()));
    for (const auto* item : order) {
      const auto& [name, tensor] = *item;
      if (name == kMetadata) return InvalidArgument("a tensor may not be named {}", kMetadata);
      const size_t end = offset + tensor.bytes.size();
      entries.push_back(fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}",
                                    Quoted(name), DTypeName(tensor.dtype),
                                    FormatShape(tensor.shape), offset, end));
      offset = end;
    }
    std::string text = fmt::format("{{{}}}", fmt::join(entries, ","));
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const nlohmann::json::exception& fault) {
    return InvalidArgument("a tensor's name or metadata is not UTF-8: {}", fault.what());
  }
}

std::string Join(const std::string& header,
                 const std::vector<const TensorViewMap::value_type*>& order) {
  const uint64_t length = header.size();
  size_t size = sizeof length + header.size();
  for (const auto* item : order) size += item->second.bytes.size();
  std::string out;
  out.reserve(size);
  out.append(reinterpret_cast<const char*>(&length),
             sizeof length);  // little-endian, as every supported processor
  out += header;
  for (const auto* item : order)
    out.append(reinterpret_cast<const char*>(item->second.bytes.data()), item->second.bytes.size());
  return out;
}

}  // namespace

Status SafetensorsReader::Map(const std::filesystem::path& file, SafetensorsContent* content) {
  ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(file));
  files_.push_back(std::move(mapped));
  auto parsed = ParseSafetensors(files_.back().bytes());
  if (!parsed) return Annotate(parsed.error(), file.string());
  *content = *std::move(parsed);
  for (Tensor& copy : content->copies) copies_.push_back(std::move(copy));
  return {};
}

Result<std::shared_ptr<const SafetensorsReader>> SafetensorsReader::Open(
    const std::filesystem::path& file) {
  std::shared_ptr<SafetensorsReader> reader(new SafetensorsReader);
  SafetensorsContent content;
  RETURN_IF_ERROR(reader->Map(file, &content));
  reader->tensors_ = std::move(content.tensors);
  reader->metadata_ = std::move(content.metadata);
  return std::shared_ptr<const SafetensorsReader>(std::move(reader));
}

std::string SerializeSafetensors(const TensorMap& tensors, const Metadata& metadata) {
  return SerializeSafetensors(ViewsOf(tensors), metadata);
}

std::string SerializeSafetensors(const TensorViewMap& tensors, const Metadata& metadata) {
  const auto order = FileOrder(tensors);
  const auto header = Header(order, metadata);
  TRIBUTARY_CHECK(header.has_value(), "tensors and metadata have names that a file can carry");
  return Join(*header, order);
}

Status WriteSafetensors(const std::filesystem::path& path, const TensorMap& tensors,
                        const Metadata& metadata) {
  const TensorViewMap views = ViewsOf(tensors);
  const auto order = FileOrder(views);
  const auto header = Header(order, metadata);
  if (!header) return Annotate(header.error(), path.string());
  return WriteFile(path, Join(*header, order));
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
