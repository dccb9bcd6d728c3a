#include "aggregation/adapter/peft_import.h"

#include <algorithm>
#include <map>

#include "aggregation/adapter/peft_config.h"
#include "aggregation/base/file.h"
#include "aggregation/tensor/safetensors.h"

namespace tributary::adapter {
namespace {

constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kA = ".lora_A.weight", kB = ".lora_B.weight";

struct Found {  // the tensors of one layer
  const TensorView* a = nullptr;
  const TensorView* b = nullptr;
};

Result<Matrix> Values(const std::string& name, const TensorView& view, const Shape& expected) {
  if (view.shape != expected)
    return InvalidArgument("{}: shape {}, expected {}", name, FormatShape(view.shape),
                           FormatShape(expected));
  if (view.dtype == DType::kI64) return InvalidArgument("{}: I64, expected F32, BF16 or F16", name);
  ASSIGN_OR_RETURN(const Tensor values, Convert(view, DType::kF32));
  if (!AllFinite(values.view())) return InvalidArgument("{}: a number that is not finite", name);
  return ToMatrix(values.view());
}

Result<PeftLayer> ReadLayer(const PeftConfig& config, const Target& target, const Found& found) {
  const std::string prefix = std::string(kPrefix) + target.module;
  if (found.a == nullptr) return InvalidArgument("{}{}: missing", prefix, kA);
  if (found.b == nullptr) return InvalidArgument("{}{}: missing", prefix, kB);
  const int64_t rank = config.Rank(target.module);
  PeftLayer layer{.module = target.module};
  ASSIGN_OR_RETURN(layer.factors.right,
                   Values(prefix + std::string(kA), *found.a, {rank, target.in}));
  ASSIGN_OR_RETURN(layer.factors.left,
                   Values(prefix + std::string(kB), *found.b, {target.out, rank}));
  layer.factors.left *= config.Scale(target.module);
  return layer;
}

// Sorts the file's tensors into layers and head.
Status Sort(const PeftConfig& config, const TensorViewMap& tensors,
            std::map<std::string, Found>* layers, TensorMap* head) {
  for (const auto& [name, view] : tensors) {
    if (!name.starts_with(kPrefix))
      return InvalidArgument("{}: expected a name that begins with {}", name, kPrefix);
    const std::string rest = name.substr(kPrefix.size());
    if (rest.ends_with(kA)) {
      (*layers)[rest.substr(0, rest.size() - kA.size())].a = &view;
    } else if (rest.ends_with(kB)) {
      (*layers)[rest.substr(0, rest.size() - kB.size())].b = &view;
    } else if (config.Saves(rest)) {
      ASSIGN_OR_RETURN(Tensor value, Convert(view, DType::kF32));
      if (!AllFinite(value.view())) return InvalidArgument("{}: a number that is not finite", name);
      (*head)[rest] = std::move(value);
    } else {
      return MakeError(Code::kUnimplemented,
                       "{}: neither lora_A, lora_B nor part of modules_to_save", name);
    }
  }
  return {};
}

Result<PeftAdapter> Assemble(const PeftConfig& config, const TensorViewMap& tensors,
                             std::span<const Target> linears) {
  PeftAdapter adapter;
  std::map<std::string, Found> layers;
  RETURN_IF_ERROR(Sort(config, tensors, &layers, &adapter.head));
  std::map<std::string_view, const Target*> known;
  for (const Target& target : linears) {
    known[target.module] = &target;
    if (config.complete() && config.Targets(target.module) &&
        !config.Saves(target.module + ".weight"))
      layers.try_emplace(target.module);
  }
  for (const auto& [module, found] : layers) {
    const auto target = known.find(module);
    if (target == known.end())
      return InvalidArgument("{}{}: the base model has no such linear layer", kPrefix, module);
    if (!config.Targets(module))
      return InvalidArgument("{}{}: not named by target_modules", kPrefix, module);
    ASSIGN_OR_RETURN(PeftLayer layer, ReadLayer(config, *target->second, found));
    adapter.layers.push_back(std::move(layer));
  }
  return adapter;
}

}  // namespace

Result<PeftAdapter> ImportPeft(const std::filesystem::path& directory,
                               std::span<const Target> linears) {
  const auto config_path = directory / "adapter_config.json";
  ASSIGN_OR_RETURN(const std::string text, ReadFile(config_path));
  const auto config = PeftConfig::Parse(text);
  if (!config) return Annotate(config.error(), config_path.string());
  const auto weights_path = directory / "adapter_model.safetensors";
  ASSIGN_OR_RETURN(const auto reader, SafetensorsReader::Open(weights_path));
  auto adapter = Assemble(*config, reader->tensors(), linears);
  if (!adapter) return Annotate(adapter.error(), weights_path.string());
  return adapter;
}

}  // namespace tributary::adapter
