// tributary inspect

#include <cmath>
#include <cstdio>

#include "aggregation/adapter/peft_config.h"
#include "aggregation/adapter/peft_import.h"
#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "aggregation/tensor/safetensors.h"
#include "client/model/directory.h"
#include "coordinator/artefact/adapter_directory.h"
#include "coordinator/command/inspect_run.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

double NormOf(const TensorView& view) {
  const auto values = Convert(view, DType::kF64);
  double sum = 0;
  if (values)
    for (double v : values->f64()) sum += v * v;
  return std::sqrt(sum);
}

Result<Json> InspectTensors(const fs::path& path) {
  ASSIGN_OR_RETURN(const auto reader, SafetensorsReader::Open(path));
  Json json = {{"schema", 1},           {"what", "safetensors file"},
               {"path", path.string()}, {"metadata", reader->metadata()},
               {"elements", 0},         {"tensors", Json::array()}};
  int64_t elements = 0;
  for (const auto& [name, view] : reader->tensors()) {
    elements += view.size();
    json["tensors"].push_back({{"name", name},
                               {"dtype", DTypeName(view.dtype)},
                               {"shape", view.shape},
                               {"norm", NormOf(view)},
                               {"finite", AllFinite(view)}});
  }
  json["elements"] = elements;
  ASSIGN_OR_RETURN(const Digest digest, Sha256File(path));
  json["sha256"] = digest.Hex();
  return json;
}

Result<Json> InspectModel(const fs::path& path) {
  ASSIGN_OR_RETURN(const model::Directory model, model::OpenDirectory(path));
  int64_t parameters = 0;
  std::map<std::string, int64_t> dtypes;
  for (const TensorViewMap* map : {&model.weights, &model.head})
    for (const auto& [name, view] : *map)
      parameters += view.size(), ++dtypes[std::string(DTypeName(view.dtype))];
  const model::Config& c = model.config;
  Json json = {{"schema", 1},
               {"what", "model directory"},
               {"path", path.string()},
               {"family", c.model_type},
               {"digest", model.digest.Hex()},
               {"parameters", parameters},
               {"tensors_by_dtype", dtypes},
               {"layers", c.layers},
               {"hidden", c.hidden},
               {"heads", c.heads},
               {"intermediate", c.intermediate},
               {"vocabulary", c.vocabulary},
               {"positions", c.positions},
               {"activation", c.activation},
               {"classifier", nullptr},
               {"linear_layers", Json::array()}};
  if (!model.head.empty()) {
    json["classifier"] = {
        {"outputs", model.head.at(std::string(model.family->head_output) + ".bias").size()},
        {"labels", c.labels}};
  }
  for (const adapter::Target& linear : model::LinearLayers(*model.family, c))
    json["linear_layers"].push_back({{"name", linear.module}, {"shape", {linear.out, linear.in}}});
  return json;
}

// Without a base model the adapter's own tensors say what its layers are.
Result<std::vector<adapter::Target>> LayersOf(const fs::path& path) {
  constexpr std::string_view kPrefix = "base_model.model.", kA = ".lora_A.weight",
                             kB = ".lora_B.weight";
  ASSIGN_OR_RETURN(const auto reader, SafetensorsReader::Open(path / "adapter_model.safetensors"));
  std::vector<adapter::Target> targets;
  for (const auto& [name, a] : reader->tensors()) {
    if (!name.starts_with(kPrefix) || !name.ends_with(kA)) continue;
    const std::string stem = name.substr(0, name.size() - kA.size());
    const auto b = reader->tensors().find(stem + std::string(kB));
    if (a.shape.size() != 2 || b == reader->tensors().end() || b->second.shape.size() != 2)
      return InvalidArgument("{}: {}: expected two matrices, {} and {}", path.string(), stem,
                             kA.substr(1), kB.substr(1));
    targets.push_back({stem.substr(kPrefix.size()), b->second.shape[0], a.shape[1]});
  }
  return targets;
}

Result<Json> InspectAdapter(const fs::path& path) {
  ASSIGN_OR_RETURN(const auto targets, LayersOf(path));
  ASSIGN_OR_RETURN(const adapter::PeftAdapter peft, adapter::ImportPeft(path, targets));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path / "adapter_config.json"));
  ASSIGN_OR_RETURN(const auto config, adapter::PeftConfig::Parse(text));
  ASSIGN_OR_RETURN(const Digest digest, Sha256File(path / "adapter_model.safetensors"));
  Json json = {{"schema", 1},
               {"what", "PEFT adapter"},
               {"path", path.string()},
               {"sha256", digest.Hex()},
               {"layers", Json::array()},
               {"head", Json::array()},
               {"delta_norm", 0.0},
               {"facts", nullptr}};
  double whole = 0;
  for (const adapter::PeftLayer& layer : peft.layers) {
    const double norm = adapter::Norm(layer.factors) *
                        layer.scale;  // the import folded the file's scale into the factors
    whole += norm * norm;
    json["layers"].push_back({{"name", layer.module},
                              {"shape", {layer.factors.left.rows(), layer.factors.right.cols()}},
                              {"rank", layer.factors.left.cols()},
                              {"scale", config.Scale(layer.module)},
                              {"delta_norm", norm}});
  }
  json["delta_norm"] = std::sqrt(whole);
  for (const auto& [name, tensor] : peft.head)
    json["head"].push_back(
        {{"name", name}, {"shape", tensor.shape()}, {"norm", NormOf(tensor.view())}});
  std::error_code error;
  if (fs::exists(path / "tributary.json", error)) {
    RETURN_IF_ERROR(artefact::ReadAdapterFacts(path));
    ASSIGN_OR_RETURN(const std::string facts, ReadFile(path / "tributary.json"));
    json["facts"] = ParseOrderedJson(facts);
  }
  return json;
}

Result<Json> Inspect(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error))
    return MakeError(Code::kNotFound, "{}: there is nothing", path.string());
  if (!fs::is_directory(path, error)) return InspectTensors(path);
  if (fs::exists(path / "run.toml", error)) return InspectRun(path);
  if (fs::exists(path / "adapter_config.json", error)) return InspectAdapter(path);
  if (fs::exists(path / "config.json", error)) return InspectModel(path);
  return InvalidArgument(
      "{}: neither a model (config.json), nor an adapter (adapter_config.json), nor a run "
      "(run.toml)",
      path.string());
}

std::string Cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  return DumpJson(value);
}

// A digest in a table is told from the others by its first digits.
std::string NarrowCell(const Json& value) {
  const std::string text = Cell(value);
  const bool is_digest = Digest::FromHex(text).has_value();
  return is_digest ? text.substr(0, 12) : text;
}

void PrintTable(const std::string& title, const Json& rows, const std::string& indent) {
  std::vector<std::pair<std::string, size_t>> columns;
  for (const auto& [name, value] : rows.front().items()) columns.emplace_back(name, name.size());
  for (const Json& row : rows)
    for (auto& [name, width] : columns)
      width = std::max(width, NarrowCell(row.value(name, Json())).size());
  fmt::print("{}{}\n{} ", indent, title, indent);
  for (const auto& [name, width] : columns) fmt::print(" {:<{}}", name, width);
  for (const Json& row : rows) {
    fmt::print("\n{} ", indent);
    for (const auto& [name, width] : columns)
      fmt::print(" {:<{}}", NarrowCell(row.value(name, Json())), width);
  }
  fmt::print("\n");
}

// Objects as aligned lines, lists of objects as tables.
void PrintText(const Json& json, const std::string& indent) {
  for (const auto& [key, value] : json.items()) {
    if (key == "schema") continue;
    if (value.is_object() && !value.empty()) {
      fmt::print("{}{}\n", indent, key);
      PrintText(value, indent + "  ");
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
      PrintTable(key, value, indent);
    } else {
      fmt::print("{}{:<22} {}\n", indent, key, Cell(value));
    }
  }
}

}  // namespace

CommandBody AddInspect(CommandLine line) {
  struct Options {
    std::string path;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  line.Option("PATH", options->path,
              "Model directory, adapter directory, run directory or safetensors file")
      .Required();
  AddFormat(line, &options->json);
  line.Footer(
      "Examples:\n  tributary inspect runs/first\n  tributary inspect runs/first/adapter\n  "
      "tributary inspect MODEL --format json\n"
      "  tributary inspect MODEL/model.safetensors");
  return [options]() -> Result<int> {
    ASSIGN_OR_RETURN(const Json json, Inspect(options->path));
    if (options->json)
      fmt::print("{}\n", DumpJson(json, 2));
    else
      PrintText(json, "");
    return kDone;
  };
}

}  // namespace tributary
