#include "client/train/live.h"

namespace tributary::train {
namespace {

Status CheckLayer(const adapter::AdaptedLayer& layer, const std::vector<adapter::Target>& linears) {
  const auto found = std::find_if(linears.begin(), linears.end(),
                                  [&](const auto& t) { return t.module == layer.target.module; });
  if (found == linears.end())
    return InvalidArgument("{}: the model has no such linear layer", layer.target.module);
  if (!(*found == layer.target))
    return InvalidArgument(
        "{}: the model's layer is {} x {}, the adapter is for {} x {} (another base model?)",
        layer.target.module, found->out, found->in, layer.target.out, layer.target.in);
  return {};
}

at::Tensor Block(const at::Tensor& value, int64_t block) {
  return value.dim() == 1 ? value.slice(0, 0, block) : value.slice(0, 0, block).slice(1, 0, block);
}

at::Tensor PadTo(const at::Tensor& block, const at::Tensor& whole) {
  if (block.dim() == 1) return at::constant_pad_nd(block, {0, whole.size(0) - block.size(0)});
  return at::constant_pad_nd(block,
                             {0, whole.size(1) - block.size(1), 0, whole.size(0) - block.size(0)});
}

}  // namespace

Result<LiveState> LiveState::Make(const adapter::Instance& instance, const Encoder& encoder) {
  LiveState state;
  const auto linears = model::LinearLayers(encoder.family(), encoder.config());
  std::vector<at::Tensor> starts;
  int64_t total = 0;
  const auto add_part = [&](std::string name, const at::Tensor& start) {
    state.parts_.push_back({std::move(name), total, start.sizes().vec()});
    starts.push_back(start.reshape({-1}));
    total += start.numel();
    return static_cast<int>(state.parts_.size()) - 1;
  };
  for (const adapter::AdaptedLayer& layer : instance.layers) {
    RETURN_IF_ERROR(CheckLayer(layer, linears));
    LayerState& live = state.layers_[layer.target.module];
    live.scale = instance.scale;
    live.base = encoder.parameters().Get(layer.target.module + ".weight");
    if (layer.increment)
      live.weight = live.base + ToTorch(layer.increment->view(), encoder.device());
    for (const adapter::Factor& factor : layer.chain) {
      FactorState& f = live.chain.emplace_back();
      f.frozen = ToTorch(factor.value.view(), encoder.device());
      if (!factor.trained) continue;
      f.block = factor.block > 0 && factor.block < f.frozen.size(0);
      f.part = add_part(adapter::FactorName(layer.target.module, factor.name),
                        f.block ? Block(f.frozen, factor.block).clone() : f.frozen);
      if (f.block) Block(f.frozen, factor.block).zero_();
    }
  }
  const auto& output = std::string(encoder.family().head_output) + ".bias";
  const auto bias = instance.head.find(output);
  if (bias == instance.head.end())
    return InvalidArgument("{}: missing from the adapter's head", output);
  state.labels_ = bias->second.size();
  RETURN_IF_ERROR(
      CheckCompatible(model::HeadLayout(encoder.family(), encoder.config(), state.labels_),
                      ViewsOf(instance.head)));
  for (const auto& [name, tensor] : instance.head) {
    const at::Tensor value = ToTorch(tensor.view(), encoder.device());
    state.head_[name] = {value, instance.head_trained ? add_part(name, value) : -1};
  }
  state.values_ = starts.empty() ? at::empty({0}, at::kFloat) : at::cat(starts);
  return state;
}

at::Tensor LiveState::View(const Part& part) const {
  int64_t count = 1;
  for (int64_t d : part.shape) count *= d;
  return values_.slice(0, part.begin, part.begin + count).view(part.shape);
}

LiveInstance LiveState::Bind(bool train, std::vector<at::Tensor>* leaves) const {
  LiveInstance live;
  std::vector<at::Tensor> parts;
  for (const Part& part : parts_) parts.push_back(View(part).detach().set_requires_grad(train));
  for (const auto& [module, layer] : layers_) {
    LiveAdapter& adapter = live.layers[module];
    adapter.scale = layer.scale;
    adapter.weight = layer.weight;
    for (const FactorState& f : layer.chain) {
      at::Tensor value = f.part < 0 ? f.frozen : parts[static_cast<size_t>(f.part)];
      if (f.part >= 0 && f.block) value = PadTo(value, f.frozen) + f.frozen;
      adapter.chain.push_back({value, value.dim() == 1});
    }
  }
  for (const auto& [name, value] : head_)
    live.head[name] = value.second < 0 ? value.first : parts[static_cast<size_t>(value.second)];
  if (leaves) *leaves = std::move(parts);
  return live;
}

LiveInstance LiveState::BindDense(std::map<std::string, at::Tensor>* leaves) const {
  LiveInstance live = Bind(false, nullptr);
  for (auto& [module, adapter] : live.layers) {
    const LayerState& layer = layers_.at(module);
    at::Tensor weight = (layer.weight.defined() ? layer.weight : layer.base).clone();
    if (!adapter.chain.empty()) {
      at::Tensor product = at::eye(layer.base.size(1), weight.options());
      for (size_t i = adapter.chain.size(); i-- > 0;) {
        const at::Tensor& f = adapter.chain[i].value;
        product = f.dim() == 1 ? f.unsqueeze(1) * product : at::mm(f, product);
      }
      weight.add_(product, adapter.scale);
    }
    adapter = {adapter.scale, {}, weight.set_requires_grad(true)};
    (*leaves)[module] = adapter.weight;
  }
  return live;
}

TensorMap LiveState::Values() const {
  TensorMap values;
  for (const Part& part : parts_) values[part.name] = FromTorch(View(part));
  return values;
}

}  // namespace tributary::train
