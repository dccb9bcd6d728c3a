#include "aggregation/adapter/peft_config.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"

namespace tributary::adapter {
namespace {

using Json = nlohmann::ordered_json;  // patterns count in the file's order

constexpr size_t kMaxPattern = 512;  // characters of a regular expression

// Settings that say nothing about what the tensors mean, or that this reader understands.
constexpr std::string_view kHarmless[] = {
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "ensure_weight_tying",
    "exclude_modules",
    "fan_in_fan_out",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "lora_alpha",
    "lora_dropout",
    "megatron_core",
    "modules_to_save",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
    "use_rslora",
};

bool IsUnset(const Json& value) {
  return value.is_null() || value == false ||
         ((value.is_object() || value.is_array()) && value.empty());
}

Status CheckSettings(const Json& config) {
  const auto type = config.find("peft_type");
  if (type == config.end() || *type != "LORA")
    return MakeError(Code::kUnimplemented, "peft_type: {}, only \"LORA\" can be read",
                     type == config.end() ? "missing" : type->dump());
  const auto bias = config.find("bias");
  if (bias != config.end() && *bias != "none")
    return MakeError(Code::kUnimplemented, "bias: {}, only \"none\" can be read", bias->dump());
  for (const auto& [key, value] : config.items())
    if (std::ranges::find(kHarmless, key) == std::end(kHarmless) && !IsUnset(value))
      return MakeError(Code::kUnimplemented, "{}: {} is not supported", key, DumpJson(value));
  return {};
}

Result<std::regex> ParseRegex(std::string_view key, const std::string& pattern) {
  if (pattern.size() > kMaxPattern)
    return InvalidArgument("{}: an expression of {} characters, at most {} are read", key,
                           pattern.size(), kMaxPattern);
  try {
    return std::regex(pattern);
  } catch (const std::regex_error& error) {
    return InvalidArgument("{}: \"{}\" is no regular expression: {}", key, pattern, error.what());
  }
}

Result<double> ParseNumber(const Json& config, const char* key, double fallback) {
  const auto it = config.find(key);
  if (it == config.end()) return fallback;
  if (!it->is_number() || it->get<double>() <= 0)
    return InvalidArgument("{}: {}, expected a number above 0", key, it->dump());
  return it->get<double>();
}

Result<std::vector<PeftConfig::Pattern>> ParsePatterns(const Json& config, const char* key) {
  std::vector<PeftConfig::Pattern> patterns;
  const auto it = config.find(key);
  if (it == config.end() || it->is_null()) return patterns;
  if (!it->is_object()) return InvalidArgument("{}: {}, expected an object", key, it->dump());
  for (const auto& [expression, value] : it->items()) {
    if (!value.is_number() || value.get<double>() <= 0)
      return InvalidArgument("{}: {} for \"{}\", expected a number above 0", key, DumpJson(value),
                             expression);
    ASSIGN_OR_RETURN(auto regex, ParseRegex(key, "(.*\\.)?(" + expression + ")"));
    patterns.push_back({std::move(regex), value.get<double>()});
  }
  return patterns;
}

Result<std::vector<std::string>> ParseNames(const Json& value, const char* key) {
  std::vector<std::string> names;
  if (!value.is_array())
    return InvalidArgument("{}: {}, expected a list of names", key, DumpJson(value));
  for (const Json& name : value) {
    if (!name.is_string()) return InvalidArgument("{}: {}, expected a name", key, DumpJson(name));
    names.push_back(name.get<std::string>());
  }
  return names;
}

// The name itself, or its end after a dot.
bool NamedBy(std::string_view module, std::string_view name) {
  return module == name || (module.size() > name.size() && module.ends_with(name) &&
                            module[module.size() - name.size() - 1] == '.');
}

double FirstMatch(const std::vector<PeftConfig::Pattern>& patterns, std::string_view module,
                  double fallback) {
  for (const auto& pattern : patterns)
    if (std::regex_match(module.begin(), module.end(), pattern.regex)) return pattern.value;
  return fallback;
}

}  // namespace

Result<PeftConfig> PeftConfig::Parse(std::string_view text) {
  const Json json = ParseOrderedJson(text);
  if (!json.is_object()) return InvalidArgument("not a JSON object");
  RETURN_IF_ERROR(CheckSettings(json));
  PeftConfig config;
  ASSIGN_OR_RETURN(config.rank_, ParseNumber(json, "r", 8));
  ASSIGN_OR_RETURN(config.alpha_, ParseNumber(json, "lora_alpha", 8));
  ASSIGN_OR_RETURN(config.ranks_, ParsePatterns(json, "rank_pattern"));
  ASSIGN_OR_RETURN(config.alphas_, ParsePatterns(json, "alpha_pattern"));
  config.rslora_ = json.contains("use_rslora") && json["use_rslora"] == true;
  for (const char* key : {"exclude_modules", "layers_to_transform"})
    if (json.contains(key) && !IsUnset(json[key])) config.complete_ = false;
  if (!json.contains("target_modules")) return InvalidArgument("target_modules: missing");
  if (const Json& targets = json["target_modules"]; targets == "all-linear") {
    config.all_linear_ = true;
    config.complete_ = false;  // which layer is the output head is for the model to say
  } else if (targets.is_string()) {
    ASSIGN_OR_RETURN(config.target_regex_,
                     ParseRegex("target_modules", targets.get<std::string>()));
  } else {
    ASSIGN_OR_RETURN(config.targets_, ParseNames(targets, "target_modules"));
  }
  if (json.contains("modules_to_save") && !json["modules_to_save"].is_null()) {
    ASSIGN_OR_RETURN(config.saved_, ParseNames(json["modules_to_save"], "modules_to_save"));
  }
  if (json.contains("task_type") && json["task_type"] == "SEQ_CLS")  // PEFT adds these by itself
    config.saved_.insert(config.saved_.end(), {"classifier", "score"});
  return config;
}

bool PeftConfig::Targets(std::string_view module) const {
  if (all_linear_) return true;
  if (target_regex_) return std::regex_match(module.begin(), module.end(), *target_regex_);
  return std::ranges::any_of(targets_,
                             [&](const std::string& name) { return NamedBy(module, name); });
}

bool PeftConfig::Saves(std::string_view tensor) const {
  for (size_t dot = tensor.find('.'); dot != std::string_view::npos;
       dot = tensor.find('.', dot + 1))
    if (std::ranges::any_of(
            saved_, [&](const std::string& name) { return NamedBy(tensor.substr(0, dot), name); }))
      return true;
  return false;
}

int64_t PeftConfig::Rank(std::string_view module) const {
  return static_cast<int64_t>(FirstMatch(ranks_, module, rank_));
}

double PeftConfig::Scale(std::string_view module) const {
  const double rank = FirstMatch(ranks_, module, rank_);
  return FirstMatch(alphas_, module, alpha_) / (rslora_ ? std::sqrt(rank) : rank);
}

}  // namespace tributary::adapter
