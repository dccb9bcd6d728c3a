#include "client/model/directory.h"

#include "aggregation/base/file.h"

namespace tributary::model {
namespace {

// The name on disk for a classification-model name: files of bare encoders lack the prefix, and old
// ones call a norm's weight and bias gamma and beta.
const TensorView* FindOnDisk(const TensorViewMap& tensors, const Family& family,
                             const std::string& name) {
  std::vector<std::string> candidates = {name};
  if (name.starts_with(family.prefix)) candidates.push_back(name.substr(family.prefix.size()));
  for (size_t i = 0, n = candidates.size(); i < n; ++i) {
    std::string old = candidates[i];
    if (const auto at = old.find("LayerNorm.weight"); at != std::string::npos)
      candidates.push_back(old.replace(at, 16, "LayerNorm.gamma"));
    else if (const auto bias = old.find("LayerNorm.bias"); bias != std::string::npos)
      candidates.push_back(old.replace(bias, 14, "LayerNorm.beta"));
  }
  for (const std::string& candidate : candidates)
    if (const auto it = tensors.find(candidate); it != tensors.end()) return &it->second;
  return nullptr;
}

Status CheckWeight(const std::string& file, const std::string& name, const LayoutEntry& expected,
                   const TensorView* found) {
  if (!found)
    return InvalidArgument("{}: tensor {} is missing, expected {} as config.json says", file, name,
                           FormatShape(expected.shape));
  if (found->shape != expected.shape)
    return InvalidArgument("{}: {} has shape {}, but config.json says {}", file, name,
                           FormatShape(found->shape), FormatShape(expected.shape));
  if (found->dtype == DType::kI64)
    return InvalidArgument("{}: {} has dtype I64, expected a float type", file, name);
  if (!AllFinite(*found)) return InvalidArgument("{}: {} holds NaN or infinity", file, name);
  return {};
}

// The head, where the file holds a whole and finite one; the base of an adapter may hold any.
TensorViewMap FindHead(const TensorViewMap& tensors, const Family& family, const Config& config) {
  const auto output = tensors.find(std::string(family.head_output) + ".weight");
  if (output == tensors.end() || output->second.shape.size() != 2) return {};
  TensorViewMap head;
  for (const auto& [name, entry] : HeadLayout(family, config, output->second.shape[0])) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || !CheckWeight("", name, entry, &found->second)) return {};
    head.emplace(name, found->second);
  }
  return head;
}

}  // namespace

Result<Directory> OpenDirectory(const std::filesystem::path& path, const TokenizerCheck& check) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error))
    return MakeError(Code::kNotFound,
                     "{}: no such model directory (expected config.json, tokenizer.json, "
                     "model.safetensors in it)",
                     path.string());
  Directory directory;
  directory.path = path;
  ASSIGN_OR_RETURN(const std::string config, ReadFile(path / "config.json"));
  ASSIGN_OR_RETURN(directory.config, ParseConfig(config, (path / "config.json").string()));
  directory.family = FindFamily(directory.config.model_type);
  if (!std::filesystem::is_regular_file(path / "tokenizer.json", error))
    return MakeError(Code::kNotFound,
                     "{}: missing (transformers writes it for every fast tokenizer)",
                     (path / "tokenizer.json").string());
  if (check) RETURN_IF_ERROR(check(path / "tokenizer.json", directory.config));
  directory.files = {"config.json", "tokenizer.json"};
  std::filesystem::path weights = path / "model.safetensors";
  const std::filesystem::path index = path / "model.safetensors.index.json";
  if (std::filesystem::exists(weights, error)) {
    ASSIGN_OR_RETURN(directory.file, SafetensorsReader::Open(weights));
    directory.files.emplace_back(weights.filename());
  } else if (std::filesystem::exists(index, error)) {
    weights = index;
    ASSIGN_OR_RETURN(directory.file, SafetensorsReader::OpenSharded(index));
    directory.files.emplace_back(index.filename());
    for (const std::string& shard : directory.file->shards()) directory.files.push_back(shard);
  } else {
    return MakeError(
        Code::kNotFound,
        "{}: missing, and no model.safetensors.index.json (pickled .bin weights are never read)",
        weights.string());
  }
  ASSIGN_OR_RETURN(const std::string tokenizer, ReadFile(path / "tokenizer.json"));
  Hasher hasher;
  for (const std::string& text : {config, tokenizer})
    hasher.Update(fmt::format("{}|", text.size())).Update(text);
  for (const auto& [name, entry] : EncoderLayout(*directory.family, directory.config)) {
    const TensorView* found = FindOnDisk(directory.file->tensors(), *directory.family, name);
    RETURN_IF_ERROR(CheckWeight(weights.string(), name, entry, found));
    hasher
        .Update(fmt::format("|{}|{}|{}|", name, DTypeName(found->dtype), FormatShape(found->shape)))
        .Update(found->bytes);
    directory.weights.emplace(name, *found);
  }
  directory.digest = hasher.Finish();
  directory.head = FindHead(directory.file->tensors(), *directory.family, directory.config);
  return directory;
}

}  // namespace tributary::model
