#include "client/command/classifier.h"

#include <algorithm>

#include "aggregation/adapter/peft_import.h"
#include "coordinator/artefact/adapter_directory.h"

namespace tributary::client {
namespace {

using artefact::AdapterFacts;

// Frozen chains of lora_B and lora_A; the import has folded every scale into lora_B.
void PutLayers(const adapter::PeftAdapter& peft, const std::vector<adapter::Target>& linears,
               adapter::Instance* instance) {
  for (const adapter::PeftLayer& layer : peft.layers) {
    const auto target = std::find_if(linears.begin(), linears.end(),
                                     [&](const auto& t) { return t.module == layer.module; });
    instance->layers.push_back(
        {*target,
         {{"lora_B", adapter::Form::kDense, adapter::ToF32(layer.factors.left * layer.scale)},
          {"lora_A", adapter::Form::kDense, adapter::ToF32(layer.factors.right)}}});
  }
}

Status PutOwnHead(const model::Directory& directory, std::string_view remedy,
                  adapter::Instance* instance) {
  if (directory.head.empty())
    return MakeError(Code::kFailedPrecondition,
                     "{}: the weights hold no classifier ({}.weight); {}", directory.path.string(),
                     directory.family->head_output, remedy);
  for (const auto& [name, view] : directory.head) {
    ASSIGN_OR_RETURN(instance->head[name], Convert(view, DType::kF32));
  }
  return {};
}

Status PutAdapter(const std::filesystem::path& path, const model::Directory& base,
                  adapter::Instance* instance) {
  const auto linears = model::LinearLayers(*base.family, base.config);
  auto peft = adapter::ImportPeft(path, linears);
  if (!peft)
    return Annotate(peft.error(), fmt::format("{} does not fit the base model {}", path.string(),
                                              base.path.string()));
  PutLayers(*peft, linears, instance);
  instance->head = std::move(peft->head);
  return instance->head.empty() ? PutOwnHead(base, "and the adapter brings none", instance)
                                : Status();
}

// Labels, and how texts were cut: from tributary.json in `path` if there is one.
Result<std::optional<AdapterFacts>> ReadFacts(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path / "tributary.json", error)) return std::nullopt;
  ASSIGN_OR_RETURN(AdapterFacts facts, artefact::ReadAdapterFacts(path));
  return facts;
}

// `own`: the labels are those that tributary.json gives, not a base model's.
Status CheckLabels(const Classifier& c, const std::string& from, bool own) {
  const model::Directory& base = c.text.directory;
  const auto bias = c.adapter.head.find(std::string(base.family->head_output) + ".bias");
  const int64_t logits = bias == c.adapter.head.end() ? 0 : bias->second.size();
  if (const Status fits = CheckCompatible(model::HeadLayout(*base.family, base.config, logits),
                                          ViewsOf(c.adapter.head));
      !fits)
    return Annotate(fits.error(), "classifier");
  const auto labels = static_cast<int64_t>(c.labels.size());
  if (labels != logits && !own)
    return MakeError(Code::kFailedPrecondition,
                     "{}: tells no labels; expected tributary.json with \"labels\", or config.json "
                     "with \"id2label\" from 0 to {}",
                     from, logits - 1);
  if (labels != logits)
    return InvalidArgument("{}: {} labels, but the classifier has {} outputs",
                           (std::filesystem::path(from) / "tributary.json").string(), labels,
                           logits);
  return {};
}

}  // namespace

Result<Classifier> OpenClassifier(const std::filesystem::path& model,
                                  const std::filesystem::path& adapter) {
  Classifier c;
  ASSIGN_OR_RETURN(c.text, OpenTextModel(model));
  const model::Directory& base = c.text.directory;
  const std::filesystem::path& source = adapter.empty() ? model : adapter;
  std::error_code error;
  if (!std::filesystem::is_directory(source, error))
    return MakeError(Code::kNotFound, "{}: no such adapter directory", source.string());
  ASSIGN_OR_RETURN(const auto facts, ReadFacts(source));
  if (facts && !adapter.empty() && !facts->base_digest.empty() &&
      facts->base_digest != base.digest.Hex())
    return MakeError(Code::kFailedPrecondition,
                     "{} was made for the base model with digest {}, but {} has {}",
                     adapter.string(), facts->base_digest, model.string(), base.digest.Hex());
  if (adapter.empty())
    RETURN_IF_ERROR(PutOwnHead(base, "name an adapter with --adapter", &c.adapter));
  else
    RETURN_IF_ERROR(PutAdapter(adapter, base, &c.adapter));
  c.adapter.head_trained = false;
  c.labels = facts ? facts->labels : base.config.labels;
  c.pair = facts && facts->pair;
  c.max_length =
      static_cast<size_t>(std::min(facts ? facts->max_length : INT64_MAX, c.text.Positions()));
  RETURN_IF_ERROR(CheckLabels(c, source.string(), facts.has_value()));
  return c;
}

}  // namespace tributary::client
