#include "client/train/encoder.h"

namespace tributary::train {
namespace {

at::Tensor Drop(const at::Tensor& x, const Dropout* dropout, std::string_view place, double rate) {
  if (!dropout || rate <= 0) return x;
  return x * dropout->mask(place, x.numel(), rate).view(x.sizes()).div_(1 - rate);
}

at::Tensor ApplyNamed(const Linear& linear, const std::string& module, const at::Tensor& x,
                      const LiveInstance& adapter, const Dropout* dropout) {
  const auto it = adapter.layers.find(module);
  if (it == adapter.layers.end()) return Apply(linear, nullptr, x);
  const double rate = dropout ? dropout->adapter : 0;
  return Apply(linear, &it->second, x,
               rate > 0 ? Drop(x, dropout, module + ".adapter", rate) : at::Tensor());
}

}  // namespace

Result<Encoder> Encoder::Load(const model::Directory& directory, at::Device device) {
  Encoder encoder;
  encoder.config_ = directory.config;
  encoder.family_ = directory.family;
  ASSIGN_OR_RETURN(encoder.parameters_, ParamStore::Load(directory, device));
  const ParamStore& store = encoder.parameters_;
  const std::string prefix(encoder.family_->prefix);
  const auto norm = [&](const std::string& name) {
    return Norm{store.Get(name + ".weight"), store.Get(name + ".bias")};
  };
  encoder.words_ = store.Get(prefix + "embeddings.word_embeddings.weight");
  encoder.positions_ = store.Get(prefix + "embeddings.position_embeddings.weight");
  encoder.types_ = store.Get(prefix + "embeddings.token_type_embeddings.weight");
  encoder.embedding_norm_ = norm(prefix + "embeddings.LayerNorm");
  for (int64_t i = 0; i < encoder.config_.layers; ++i) {
    const std::string name = fmt::format("{}encoder.layer.{}.", prefix, i);
    encoder.layers_.push_back(
        {name, store.GetLinear(name + "attention.self.query"),
         store.GetLinear(name + "attention.self.key"),
         store.GetLinear(name + "attention.self.value"),
         store.GetLinear(name + "attention.output.dense"),
         store.GetLinear(name + "intermediate.dense"), store.GetLinear(name + "output.dense"),
         norm(name + "attention.output.LayerNorm"), norm(name + "output.LayerNorm")});
  }
  return encoder;
}

Packed Encoder::Pack(std::span<const client::Example> examples,
                     std::span<const size_t> chosen) const {
  return train::Pack(examples, chosen, family_->positions_after_padding ? config_.pad_token + 1 : 0,
                     device());
}

at::Tensor Encoder::Embed(const Packed& batch, const Dropout* dropout) const {
  at::Tensor x = words_.index_select(0, batch.ids);
  x.add_(positions_.index_select(0, batch.positions));
  x.add_(types_.index_select(0, batch.types));
  x = at::layer_norm(x, {config_.hidden}, embedding_norm_.weight, embedding_norm_.bias,
                     config_.norm_epsilon);
  return Drop(x, dropout, "embeddings", dropout ? dropout->hidden : 0);
}

at::Tensor Encoder::Run(const Layer& layer, const at::Tensor& x, const Packed& batch,
                        bool first_token_only, const LiveInstance& adapter,
                        const Dropout* dropout) const {
  const auto linear = [&](const Linear& weights, std::string_view name, const at::Tensor& input) {
    return ApplyNamed(weights, layer.name + std::string(name), input, adapter, dropout);
  };
  const auto drop = [&](const at::Tensor& y, std::string_view place) {
    return Drop(y, dropout, layer.name + std::string(place), dropout ? dropout->hidden : 0);
  };
  const auto norm = [&](const at::Tensor& y, const Norm& n) {
    return at::layer_norm(y, {config_.hidden}, n.weight, n.bias, config_.norm_epsilon);
  };
  const at::Tensor rows = first_token_only ? x.index_select(0, batch.first) : x;
  Offsets query_offsets = batch.offsets;
  if (first_token_only)
    for (size_t i = 0; i < query_offsets.size(); ++i) query_offsets[i] = static_cast<int64_t>(i);
  const at::Tensor q = linear(layer.query, "attention.self.query", rows);
  const at::Tensor k = linear(layer.key, "attention.self.key", x);
  const at::Tensor v = linear(layer.value, "attention.self.value", x);
  const double attention_rate = dropout ? dropout->attention : 0;
  at::Tensor keep;
  if (attention_rate > 0)
    keep = dropout->mask(layer.name + "attention",
                         ProbabilityCount(query_offsets, batch.offsets, config_.heads),
                         attention_rate);
  at::Tensor y =
      SegmentAttention(q, k, v, query_offsets, batch.offsets, config_.heads, keep, attention_rate);
  y = drop(linear(layer.attention_output, "attention.output.dense", y), "attention.output");
  y = norm(y.add_(rows), layer.attention_norm);
  at::Tensor z = linear(layer.intermediate, "intermediate.dense", y);
  z = config_.activation == "relu" ? at::relu(z)
                                   : at::gelu(z, config_.activation == "gelu" ? "none" : "tanh");
  z = drop(linear(layer.output, "output.dense", z), "output");
  return norm(z.add_(y), layer.output_norm);
}

at::Tensor Encoder::Features(const Packed& batch, const LiveInstance& adapter,
                             const Dropout* dropout) const {
  at::Tensor x = Embed(batch, dropout);
  for (size_t i = 0; i < layers_.size(); ++i)
    x = Run(layers_[i], x, batch, i + 1 == layers_.size(), adapter, dropout);
  const std::string input(family_->head_input);
  const double rate = dropout ? dropout->classifier : 0;
  if (family_->head_input_trained) {
    x = Drop(x, dropout, "classifier.input", rate);
    x = at::addmm(adapter.head.at(input + ".bias"), x, adapter.head.at(input + ".weight").t());
  } else {
    const Linear dense = parameters_.GetLinear(input);
    x = at::addmm(dense.bias, x, dense.weight.t());
  }
  return Drop(at::tanh(x), dropout, "classifier", rate);
}

at::Tensor Encoder::Logits(const Packed& batch, const LiveInstance& adapter,
                           const Dropout* dropout) const {
  const std::string output(family_->head_output);
  return at::addmm(adapter.head.at(output + ".bias"), Features(batch, adapter, dropout),
                   adapter.head.at(output + ".weight").t());
}

}  // namespace tributary::train
