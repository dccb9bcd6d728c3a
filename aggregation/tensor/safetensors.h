#pragma once
// The safetensors file format, read by its strict rules: header of at most 100 MB, duplicate keys
// refused, tensors contiguous from the first byte to the last with no hole and no overlap, sizes
// checked against shapes without overflow. A file that breaks a rule is refused with its path, the
// tensor's name and the numbers. Writing is canonical: equal tensors give equal bytes, the same
// that the reference package writes.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "aggregation/base/file.h"
#include "aggregation/tensor/layout.h"

namespace tributary {

using Metadata = std::map<std::string, std::string>;

struct SafetensorsContent {
  TensorViewMap tensors;  // views into the parsed bytes, or into `copies`
  Metadata metadata;
  std::vector<Tensor> copies;  // of tensors that lie in the file unaligned for their type
};

// What a header may hold; the defaults are for files that the user named.
struct SafetensorsLimits {
  size_t header = 100'000'000;  // bytes, as the reference package has it
  size_t tensors = SIZE_MAX;
  size_t dimensions = 16;
  size_t metadata = SIZE_MAX;  // keys
};
// For what peers send: far beyond any adapter, and parsed at once.
inline constexpr SafetensorsLimits kPeerSafetensors{
    .header = size_t{1} << 20, .tensors = 10'000, .dimensions = 4, .metadata = 64};

// Parses bytes in memory; the views live as long as `bytes` and the content do, and are aligned.
Result<SafetensorsContent> ParseSafetensors(std::span<const std::byte> bytes,
                                            const SafetensorsLimits& limits = {});

// One mapped file, or all shards that a model.safetensors.index.json names. Views stay valid while
// the object lives, and are aligned for their type; it may be shared between threads.
class SafetensorsReader {
 public:
  static Result<std::shared_ptr<const SafetensorsReader>> Open(const std::filesystem::path& file);
  static Result<std::shared_ptr<const SafetensorsReader>> OpenSharded(
      const std::filesystem::path& index);

  const TensorViewMap& tensors() const { return tensors_; }
  const Metadata& metadata() const { return metadata_; }
  // Names of the files that an index names, in their order; of one file none.
  const std::vector<std::string>& shards() const { return shards_; }

 private:
  SafetensorsReader() = default;
  Status Map(const std::filesystem::path& file, SafetensorsContent* content);

  std::vector<MappedFile> files_;
  std::vector<Tensor> copies_;
  std::vector<std::string> shards_;
  TensorViewMap tensors_;
  Metadata metadata_;
};

// The file's bytes: 8-byte length, JSON header padded with spaces to 8 bytes, data by type (I64,
// F64, F32, BF16, F16) and then by name. Names and metadata must be UTF-8.
std::string SerializeSafetensors(const TensorViewMap& tensors, const Metadata& metadata = {});
std::string SerializeSafetensors(const TensorMap& tensors, const Metadata& metadata = {});
// The same into a file; INVALID_ARGUMENT if a name or metadata is not UTF-8 or a name is reserved.
Status WriteSafetensors(const std::filesystem::path& path, const TensorMap& tensors,
                        const Metadata& metadata = {});

// Reads a whole file into memory.
Result<TensorMap> ReadSafetensors(const std::filesystem::path& path);
Result<TensorMap> ReadSafetensors(std::span<const std::byte> bytes);

}  // namespace tributary
