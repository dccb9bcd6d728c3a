#pragma once
// The safetensors file format, read by its strict rules: header of at most 100 MB, duplicate keys
// refused, tensors contiguous from the first byte to the last with no hole and no overlap, sizes
// checked against shapes without overflow. A file that breaks a rule is refused with its path, the
// tensor's name and the numbers. Writing is canonical: equal tensors give equal bytes.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "aggregation/tensor/layout.h"

namespace tributary {

using Metadata = std::map<std::string, std::string>;

struct SafetensorsContent {
  TensorViewMap tensors;  // views into the parsed bytes
  Metadata metadata;
};

// Parses bytes in memory; the views live as long as `bytes`.
Result<SafetensorsContent> ParseSafetensors(std::span<const std::byte> bytes);

// One mapped file, or all shards that a model.safetensors.index.json names. Views stay valid while
// the object lives; it may be shared between threads.
class SafetensorsReader {
 public:
  static Result<std::shared_ptr<const SafetensorsReader>> Open(const std::filesystem::path& file);
  static Result<std::shared_ptr<const SafetensorsReader>> OpenSharded(const std::filesystem::path& index);
  ~SafetensorsReader();

  const TensorViewMap& tensors() const { return tensors_; }
  const Metadata& metadata() const { return metadata_; }

 private:
  SafetensorsReader() = default;
  Status Map(const std::filesystem::path& file, SafetensorsContent* content);

  std::vector<std::span<const std::byte>> maps_;
  TensorViewMap tensors_;
  Metadata metadata_;
};

// The file's bytes: 8-byte length, JSON header padded with spaces to 8 bytes, data ordered by
// descending element size and then by name.
std::string SerializeSafetensors(const TensorMap& tensors, const Metadata& metadata = {});
Status WriteSafetensors(const std::filesystem::path& path, const TensorMap& tensors, const Metadata& metadata = {});

// Reads a whole file into memory.
Result<TensorMap> ReadSafetensors(const std::filesystem::path& path);
Result<TensorMap> ReadSafetensors(std::span<const std::byte> bytes);

}  // namespace tributary
