#include "aggregation/adapter/peft_export.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "aggregation/tensor/safetensors.h"

namespace tributary::adapter {
namespace {

using Json = nlohmann::json;

// Cuts a layer to `rank` and adds the squared norms of what was cut and of the whole.
void Truncate(int64_t rank, PeftLayer* layer, double* cut, double* whole) {
  const Svd svd = TruncatedSvd(layer->factors, layer->factors.left.cols());
  const double square = layer->scale * layer->scale;
  *whole += square * svd.s.squaredNorm();
  if (rank >= svd.s.size()) return;
  *cut += square * svd.s.tail(svd.s.size() - rank).squaredNorm();
  layer->factors.left = svd.u.leftCols(rank) * svd.s.head(rank).asDiagonal();
  layer->factors.right = svd.v.leftCols(rank).transpose();
}

// Pads with zero rows and columns. PEFT knows no rank 0.
void PadTo(int64_t rank, Pair* pair) {
  const int64_t had = pair->left.cols();
  if (rank <= had) return;
  pair->left.conservativeResize(Eigen::NoChange, rank);
  pair->right.conservativeResize(rank, Eigen::NoChange);
  pair->left.rightCols(rank - had).setZero();
  pair->right.bottomRows(rank - had).setZero();
}

void MakePortable(std::vector<PeftLayer>* layers) {
  int64_t rank = 1;
  for (const PeftLayer& layer : *layers) rank = std::max<int64_t>(rank, layer.factors.left.cols());
  for (PeftLayer& layer : *layers) {
    PadTo(rank, &layer.factors);
    layer.factors.left *= layer.scale;
    layer.scale = 1;
  }
}

// The value that most layers have; of equals the largest.
template <typename T>
T MostCommon(const std::vector<T>& values) {
  std::map<T, size_t> counts;
  for (const T& value : values) ++counts[value];
  T best{};
  size_t most = 0;
  for (const auto& [value, count] : counts)
    if (count >= most) best = value, most = count;
  return best;
}

Json Number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return value;
}

// PEFT wraps whole modules: the first component of a head tensor's name ("classifier").
std::vector<std::string> ModulesToSave(const TensorMap& head) {
  std::set<std::string> modules;
  for (const auto& [name, tensor] : head) modules.insert(name.substr(0, name.find('.')));
  return {modules.begin(), modules.end()};
}

std::string Config(const std::vector<PeftLayer>& layers, const TensorMap& head,
                   const PeftOptions& options) {
  std::vector<int64_t> ranks;
  std::vector<double> alphas;
  std::vector<std::string> modules;
  for (const PeftLayer& layer : layers) {
    ranks.push_back(layer.factors.left.cols());
    alphas.push_back(layer.scale * static_cast<double>(ranks.back()));
    modules.push_back(layer.module);
  }
  const int64_t rank = MostCommon(ranks);
  const double alpha = MostCommon(alphas);
  Json rank_pattern = Json::object(), alpha_pattern = Json::object();
  for (size_t i = 0; i < layers.size(); ++i) {
    if (ranks[i] != rank) rank_pattern[modules[i]] = ranks[i];
    if (alphas[i] != alpha) alpha_pattern[modules[i]] = Number(alphas[i]);
  }
  const auto saved = ModulesToSave(head);
  const Json config = {
      {"peft_type", "LORA"},
      {"task_type", options.task_type},
      {"base_model_name_or_path", options.base_model.empty() ? Json() : Json(options.base_model)},
      {"inference_mode", true},
      {"init_lora_weights", true},
      {"r", rank},
      {"lora_alpha", Number(alpha)},
      {"lora_dropout", options.dropout},
      {"bias", "none"},
      {"fan_in_fan_out", false},
      {"use_rslora", false},
      {"use_dora", false},
      {"rank_pattern", rank_pattern},
      {"alpha_pattern", alpha_pattern},
      {"target_modules", modules},
      {"modules_to_save", saved.empty() ? Json() : Json(saved)},
  };
  return DumpJson(config, 2) + "\n";
}

}  // namespace

PeftFiles ExportPeft(const PeftAdapter& adapter, const PeftOptions& options) {
  PeftFiles files;
  std::vector<PeftLayer> layers = adapter.layers;
  double cut = 0, whole = 0;
  for (PeftLayer& layer : layers) {
    if (options.rank > 0) Truncate(options.rank, &layer, &cut, &whole);
    PadTo(1, &layer.factors);
  }
  files.truncation_error = cut == 0 ? 0 : std::sqrt(cut / whole);
  if (options.portable) MakePortable(&layers);

  for (const PeftLayer& layer : layers) {
    files.tensors[fmt::format("base_model.model.{}.lora_A.weight", layer.module)] =
        ToF32(layer.factors.right);
    files.tensors[fmt::format("base_model.model.{}.lora_B.weight", layer.module)] =
        ToF32(layer.factors.left);
  }
  for (const auto& [name, tensor] : adapter.head)
    files.tensors["base_model.model." + name] = tensor;
  files.config = Config(layers, adapter.head, options);
  return files;
}

Status WritePeft(const std::filesystem::path& directory, const PeftFiles& files) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  RETURN_IF_ERROR(
      WriteSafetensors(directory / "adapter_model.safetensors", files.tensors, {{"format", "pt"}}));
  return WriteFile(directory / "adapter_config.json", files.config);
}

}  // namespace tributary::adapter
