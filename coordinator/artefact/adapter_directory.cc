#include "coordinator/artefact/adapter_directory.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "aggregation/tensor/safetensors.h"
#include "coordinator/artefact/model_card.h"

namespace tributary::artefact {
namespace {

constexpr std::string_view kTokenizerFiles[] = {"tokenizer.json", "tokenizer_config.json",
                                                "special_tokens_map.json", "vocab.txt"};

std::string FactsJson(const config::Config& config, const Provenance& provenance) {
  nlohmann::ordered_json json;
  json["schema"] = "tributary-adapter-1";
  json["task"] = config.model.task;
  json["labels"] = config.model.labels;
  json["max_length"] = config.training.max_length;
  json["text_columns"] = config.data.text.size();
  json["base_model"] = config.model.name;
  json["base_digest"] = config.model.digest;
  json["method"] = config.adapter.method;
  json["rank"] = config.adapter.rank;
  json.update(report::ToJson(provenance));
  return DumpJson(json, 2) + "\n";
}

// The base's config.json (read before, so it is an object) as that of a classifier with labels.
std::string MergedConfig(const std::string& base_config, const config::Config& config,
                         const model::Directory& base) {
  auto json = ParseOrderedJson(base_config);
  TRIBUTARY_CHECK(json.is_object(), "the base model's config.json was checked");
  for (const char* key : {"_name_or_path", "torch_dtype", "num_labels", "finetuning_task"})
    json.erase(key);
  json["architectures"] = {base.family->architecture};
  json["dtype"] = "float32";
  json["problem_type"] = "single_label_classification";
  json["id2label"] = json["label2id"] = nlohmann::ordered_json::object();
  for (size_t i = 0; i < config.model.labels.size(); ++i) {
    json["id2label"][std::to_string(i)] = config.model.labels[i];
    json["label2id"][config.model.labels[i]] = i;
  }
  return DumpJson(json, 2) + "\n";
}

// The tokenizer's files and tributary.json.
Status WriteCommonFiles(const std::filesystem::path& directory, const config::Config& config,
                        const model::Directory& base, const Provenance& provenance) {
  for (std::string_view name : kTokenizerFiles) {
    if (!std::filesystem::exists(base.path / name)) continue;
    ASSIGN_OR_RETURN(const std::string content, ReadFile(base.path / name));
    RETURN_IF_ERROR(WriteFile(directory / name, content));
  }
  return WriteFile(directory / "tributary.json", FactsJson(config, provenance));
}

}  // namespace

Result<AdapterFacts> ReadAdapterFacts(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "tributary.json";
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const auto json = ParseJson(text);
  if (!json.is_object()) return InvalidArgument("{}: is not a JSON object", path.string());
  AdapterFacts facts;
  if (!json.contains("labels") || !json["labels"].is_array() || json["labels"].size() < 2)
    return InvalidArgument("{}: \"labels\" must be a list of at least two", path.string());
  for (const auto& label : json["labels"]) {
    if (!label.is_string())
      return InvalidArgument("{}: \"labels\" holds {}, expected strings", path.string(),
                             DumpJson(label));
    facts.labels.push_back(label);
  }
  const auto length = json.value("max_length", nlohmann::json(128));
  if (!length.is_number_integer() || length.get<int64_t>() < 2)
    return InvalidArgument("{}: \"max_length\" is {}, expected a whole number", path.string(),
                           DumpJson(length));
  facts.max_length = length;
  if (json.contains("base_digest") && json["base_digest"].is_string())
    facts.base_digest = json["base_digest"];
  facts.pair = json.value("text_columns", nlohmann::json(1)) == 2;
  return facts;
}

Result<double> WriteAdapterDirectory(const std::filesystem::path& directory,
                                     const adapter::PeftAdapter& adapter,
                                     const config::Config& config, const model::Directory& base,
                                     const Provenance& provenance, adapter::PeftOptions options) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  options.base_model = config.model.name;
  const adapter::PeftFiles files = adapter::ExportPeft(adapter, options);
  RETURN_IF_ERROR(adapter::WritePeft(directory, files));
  RETURN_IF_ERROR(WriteCommonFiles(directory, config, base, provenance));
  RETURN_IF_ERROR(WriteFile(directory / "README.md", ModelCard(config, provenance)));
  return files.truncation_error;
}

Status WriteMergedDirectory(const std::filesystem::path& directory,
                            const strategy::AdapterSpec& spec, const TensorMap& state,
                            const config::Config& config, const model::Directory& base,
                            const Provenance& provenance) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  TensorMap tensors;
  for (const auto& [name, view] : base.weights) {
    ASSIGN_OR_RETURN(tensors[name], Convert(view, DType::kF32));
  }
  for (const adapter::Target& target : spec.targets) {
    const adapter::Matrix delta =
        adapter::ToMatrix(strategy::StateDelta(spec, state, target).view());
    Tensor& weight = tensors.at(target.module + ".weight");
    weight = adapter::ToF32(adapter::ToMatrix(weight.view()) + delta);
  }
  for (const auto& [name, entry] : spec.head) tensors[name] = state.at(name);
  RETURN_IF_ERROR(WriteSafetensors(directory / "model.safetensors", tensors, {{"format", "pt"}}));
  ASSIGN_OR_RETURN(const std::string base_config, ReadFile(base.path / "config.json"));
  RETURN_IF_ERROR(WriteFile(directory / "config.json", MergedConfig(base_config, config, base)));
  return WriteCommonFiles(directory, config, base, provenance);
}

}  // namespace tributary::artefact
