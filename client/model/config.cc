#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "aggregation/base/json.h"
#include "client/model/family.h"

namespace tributary::model {
namespace {

using nlohmann::json;

// Keys that change nothing of what is computed here.
constexpr std::array<std::string_view, 33> kHarmless = {"_name_or_path",
                                                        "architectures",
                                                        "bos_token_id",
                                                        "eos_token_id",
                                                        "cls_token_id",
                                                        "sep_token_id",
                                                        "decoder_start_token_id",
                                                        "directionality",
                                                        "dtype",
                                                        "torch_dtype",
                                                        "finetuning_task",
                                                        "gradient_checkpointing",
                                                        "id2label",
                                                        "label2id",
                                                        "initializer_range",
                                                        "initializer_factor",
                                                        "language",
                                                        "name",
                                                        "num_labels",
                                                        "output_past",
                                                        "pooler_fc_size",
                                                        "pooler_num_attention_heads",
                                                        "pooler_num_fc_layers",
                                                        "pooler_size_per_head",
                                                        "pooler_type",
                                                        "problem_type",
                                                        "tokenizer_class",
                                                        "transformers_version",
                                                        "use_cache",
                                                        "task_specific_params",
                                                        "return_dict",
                                                        "model_max_length",
                                                        "_attn_implementation_autoset"};

struct Default {
  std::string_view key;
  std::string_view value;  // as JSON
};
// Keys that are not implemented and so must have the value that changes nothing.
constexpr std::array<Default, 13> kDefaults = {{{"position_embedding_type", "\"absolute\""},
                                                {"is_decoder", "false"},
                                                {"is_encoder_decoder", "false"},
                                                {"add_cross_attention", "false"},
                                                {"cross_attention_hidden_size", "null"},
                                                {"chunk_size_feed_forward", "0"},
                                                {"output_attentions", "false"},
                                                {"output_hidden_states", "false"},
                                                {"pruned_heads", "{}"},
                                                {"tie_word_embeddings", "true"},
                                                {"tie_encoder_decoder", "false"},
                                                {"torchscript", "false"},
                                                {"use_bfloat16", "false"}}};

class Reader {
 public:
  Reader(const json& object, std::string_view path) : object_(object), path_(path) {}

  Status Count(const char* key, int64_t low, int64_t high, int64_t* out) {
    if (!Has(key)) return InvalidArgument("{}: \"{}\" is missing", path_, key);
    const json& value = object_[key];
    if (!value.is_number_integer() || value.get<int64_t>() < low || value.get<int64_t>() > high)
      return InvalidArgument("{}: \"{}\" is {}, expected a whole number from {} to {}", path_, key,
                             DumpJson(value), low, high);
    *out = value.get<int64_t>();
    return {};
  }
  Status Number(const char* key, double low, double high, double* out) {
    if (!Has(key) || object_[key].is_null()) return {};
    const json& value = object_[key];
    if (!value.is_number() || value.get<double>() < low || value.get<double>() > high)
      return InvalidArgument("{}: \"{}\" is {}, expected a number from {} to {}", path_, key,
                             DumpJson(value), low, high);
    *out = value.get<double>();
    return {};
  }
  bool Has(const char* key) { return seen_.insert(key), object_.contains(key); }

  Status RefuseUnknown() const {
    for (const auto& [key, value] : object_.items()) {
      if (seen_.contains(key) ||
          std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end())
        continue;
      const auto known = std::find_if(kDefaults.begin(), kDefaults.end(),
                                      [&](const Default& d) { return d.key == key; });
      if (known == kDefaults.end())
        return MakeError(
            Code::kUnimplemented,
            "{}: key \"{}\" = {} is not known here, and what it changes would be missed", path_,
            key, DumpJson(value));
      const bool harmless =
          value == ParseJson(known->value) || (key == "tie_word_embeddings" && value.is_boolean());
      if (!harmless)
        return MakeError(Code::kUnimplemented, "{}: \"{}\" is {}; only {} is supported", path_, key,
                         DumpJson(value), known->value);
    }
    return {};
  }

 private:
  const json& object_;
  std::string_view path_;
  std::set<std::string, std::less<>> seen_;
};

}  // namespace

namespace {

// {"0": "first", "1": "second"} as a list; empty where it is anything else.
std::vector<std::string> ReadLabels(const json& object) {
  std::vector<std::string> labels;
  const auto map = object.find("id2label");
  if (map == object.end() || !map->is_object()) return {};
  for (size_t i = 0; i < map->size(); ++i) {
    const auto label = map->find(std::to_string(i));
    if (label == map->end() || !label->is_string()) return {};
    labels.push_back(*label);
  }
  return labels;
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, std::string_view path) {
  const json object = ParseJson(text);
  if (!object.is_object()) return InvalidArgument("{}: is not a JSON object", path);
  Config config;
  Reader reader(object, path);
  if (!reader.Has("model_type") || !object["model_type"].is_string())
    return InvalidArgument("{}: \"model_type\" is missing; supported: {}", path, FamilyNames());
  config.model_type = object["model_type"];
  if (!FindFamily(config.model_type))
    return MakeError(Code::kUnimplemented, "{}: model_type \"{}\" is not supported; supported: {}",
                     path, config.model_type, FamilyNames());
  RETURN_IF_ERROR(reader.Count("hidden_size", 1, 1 << 20, &config.hidden));
  RETURN_IF_ERROR(reader.Count("num_hidden_layers", 1, 1024, &config.layers));
  RETURN_IF_ERROR(reader.Count("num_attention_heads", 1, 1024, &config.heads));
  RETURN_IF_ERROR(reader.Count("intermediate_size", 1, 1 << 22, &config.intermediate));
  RETURN_IF_ERROR(reader.Count("vocab_size", 1, 1 << 24, &config.vocabulary));
  RETURN_IF_ERROR(reader.Count("max_position_embeddings", 1, 1 << 20, &config.positions));
  config.types = config.model_type == "roberta" ? 1 : 2;
  if (reader.Has("type_vocab_size"))
    RETURN_IF_ERROR(reader.Count("type_vocab_size", 1, 1024, &config.types));
  config.pad_token = config.model_type == "roberta" ? 1 : 0;
  if (reader.Has("pad_token_id"))
    RETURN_IF_ERROR(reader.Count("pad_token_id", 0, 1 << 24, &config.pad_token));
  RETURN_IF_ERROR(reader.Number("layer_norm_eps", 0, 1, &config.norm_epsilon));
  config.hidden_dropout = config.attention_dropout = 0.1;  // transformers' defaults
  RETURN_IF_ERROR(reader.Number("hidden_dropout_prob", 0, 0.999, &config.hidden_dropout));
  RETURN_IF_ERROR(
      reader.Number("attention_probs_dropout_prob", 0, 0.999, &config.attention_dropout));
  config.classifier_dropout = config.hidden_dropout;
  RETURN_IF_ERROR(reader.Number("classifier_dropout", 0, 0.999, &config.classifier_dropout));
  config.activation = reader.Has("hidden_act") && object["hidden_act"].is_string()
                          ? object["hidden_act"].get<std::string>()
                          : "gelu";
  if (config.activation != "gelu" && config.activation != "gelu_new" && config.activation != "relu")
    return MakeError(Code::kUnimplemented,
                     "{}: \"hidden_act\" is \"{}\"; supported: gelu, gelu_new, relu", path,
                     config.activation);
  if (config.hidden % config.heads != 0)
    return InvalidArgument("{}: hidden_size {} is not a multiple of num_attention_heads {}", path,
                           config.hidden, config.heads);
  RETURN_IF_ERROR(reader.RefuseUnknown());
  config.labels = ReadLabels(object);
  return config;
}

}  // namespace tributary::model
