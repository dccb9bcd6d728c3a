#include "client/model/family.h"

#include <array>

namespace tributary::model {
namespace {

constexpr std::array<const Family*, 2> kFamilies = {&kBert, &kRoberta};

void AddLinear(Layout* layout, const std::string& name, int64_t out, int64_t in) {
  (*layout)[name + ".weight"] = {DType::kF32, {out, in}};
  (*layout)[name + ".bias"] = {DType::kF32, {out}};
}

void AddNorm(Layout* layout, const std::string& name, int64_t size) {
  (*layout)[name + ".weight"] = {DType::kF32, {size}};
  (*layout)[name + ".bias"] = {DType::kF32, {size}};
}

}  // namespace

const Family* FindFamily(std::string_view model_type) {
  for (const Family* family : kFamilies)
    if (family->model_type == model_type) return family;
  return nullptr;
}

std::string FamilyNames() {
  std::string names;
  for (const Family* family : kFamilies)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", family->model_type);
  return names;
}

std::vector<adapter::Target> LinearLayers(const Family& family, const Config& config) {
  std::vector<adapter::Target> linears;
  for (int64_t i = 0; i < config.layers; ++i) {
    const std::string layer = fmt::format("{}encoder.layer.{}.", family.prefix, i);
    const int64_t h = config.hidden, m = config.intermediate;
    for (std::string_view name : {"query", "key", "value"})
      linears.push_back({fmt::format("{}attention.self.{}", layer, name), h, h});
    linears.push_back({layer + "attention.output.dense", h, h});
    linears.push_back({layer + "intermediate.dense", m, h});
    linears.push_back({layer + "output.dense", h, m});
  }
  return linears;
}

Layout EncoderLayout(const Family& family, const Config& config) {
  Layout layout;
  const std::string embeddings = std::string(family.prefix) + "embeddings.";
  layout[embeddings + "word_embeddings.weight"] = {DType::kF32, {config.vocabulary, config.hidden}};
  layout[embeddings + "position_embeddings.weight"] = {DType::kF32,
                                                       {config.positions, config.hidden}};
  layout[embeddings + "token_type_embeddings.weight"] = {DType::kF32,
                                                         {config.types, config.hidden}};
  AddNorm(&layout, embeddings + "LayerNorm", config.hidden);
  for (const adapter::Target& linear : LinearLayers(family, config))
    AddLinear(&layout, linear.module, linear.out, linear.in);
  for (int64_t i = 0; i < config.layers; ++i) {
    const std::string layer = fmt::format("{}encoder.layer.{}.", family.prefix, i);
    AddNorm(&layout, layer + "attention.output.LayerNorm", config.hidden);
    AddNorm(&layout, layer + "output.LayerNorm", config.hidden);
  }
  if (!family.head_input_trained)
    AddLinear(&layout, std::string(family.head_input), config.hidden, config.hidden);
  return layout;
}

Layout HeadLayout(const Family& family, const Config& config, int64_t labels) {
  Layout layout;
  if (family.head_input_trained)
    AddLinear(&layout, std::string(family.head_input), config.hidden, config.hidden);
  AddLinear(&layout, std::string(family.head_output), labels, config.hidden);
  return layout;
}

Result<std::vector<adapter::Target>> SelectTargets(const std::vector<adapter::Target>& linears,
                                                   std::span<const std::string> patterns) {
  std::vector<bool> chosen(linears.size(), false);
  for (const std::string& pattern : patterns) {
    bool found = false;
    for (size_t i = 0; i < linears.size(); ++i) {
      const std::string& name = linears[i].module;
      const bool hit = pattern == "all-linear" || name == pattern || name.ends_with("." + pattern);
      if (hit) chosen[i] = found = true;
    }
    if (!found)
      return InvalidArgument(
          "target \"{}\" matches no linear layer; there are query, key, value, "
          "attention.output.dense, "
          "intermediate.dense, output.dense (of {} layers), and \"all-linear\"",
          pattern, linears.size() / 6);
  }
  std::vector<adapter::Target> selected;
  for (size_t i = 0; i < linears.size(); ++i)
    if (chosen[i]) selected.push_back(linears[i]);
  if (selected.empty())
    return InvalidArgument("no targets: name at least one layer to adapt, such as \"query\"");
  return selected;
}

}  // namespace tributary::model
