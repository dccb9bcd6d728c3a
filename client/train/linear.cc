#include "client/train/linear.h"

namespace tributary::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor ApplyFactor(const at::Tensor& factor, const at::Tensor& x) {
  return factor.dim() == 1 ? x * factor : at::mm(x, factor.t());
}

// One node for the whole layer: the base product and the chain share the input, nothing of the
// base's size is kept, and the chain's result is added in place.
struct AdaptedLinear : torch::autograd::Function<AdaptedLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const at::Tensor& input, double scale,
                            at::TensorList chain) {
    at::Tensor y = at::addmm(bias, x, weight.t());
    variable_list saved = {weight};
    at::Tensor h = input;
    for (size_t i = chain.size(); i-- > 0;) {
      saved.push_back(h);  // the input of factor i
      saved.push_back(chain[i]);
      if (i > 0) h = ApplyFactor(chain[i], h);
    }
    if (chain[0].dim() == 1)
      y.add_(h * chain[0], scale);
    else
      y.addmm_(h, chain[0].t(), 1, scale);
    context->save_for_backward(saved);
    context->saved_data["scale"] = scale;
    context->saved_data["same_input"] = input.is_same(x);
    return y;
  }

  // Gradients by x, weight, bias, input, scale, and the chain's factors; edges count tensors only.
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const size_t factors = (saved.size() - 1) / 2;
    const bool same_input = context->saved_data["same_input"].toBool();
    const bool need_x = context->needs_input_grad(0), need_input = context->needs_input_grad(3);
    const double scale = context->saved_data["scale"].toDouble();
    const at::Tensor& dy = gradients[0];
    variable_list result(5 + factors);
    if (need_x) result[0] = at::mm(dy, saved[0]);
    at::Tensor g = dy;
    for (size_t i = 0; i < factors; ++i) {  // from the leftmost factor to the input
      const at::Tensor &h = saved[1 + 2 * (factors - 1 - i)],
                       &factor = saved[2 + 2 * (factors - 1 - i)];
      if (context->needs_input_grad(4 + i)) {
        result[5 + i] = factor.dim() == 1 ? (g * h).sum(0) : at::mm(g.t(), h);
        result[5 + i].mul_(scale);
      }
      if (i + 1 < factors) {
        g = factor.dim() == 1 ? g * factor : at::mm(g, factor);
      } else if (same_input && need_x) {
        if (factor.dim() == 1)
          result[0].add_(g * factor, scale);
        else
          result[0].addmm_(g, factor, 1, scale);
      } else if (need_input && !same_input) {
        result[3] = (factor.dim() == 1 ? g * factor : at::mm(g, factor)).mul_(scale);
      }
    }
    return result;
  }
};

}  // namespace

at::Tensor Apply(const Linear& linear, const LiveAdapter* adapter, const at::Tensor& x,
                 const at::Tensor& input) {
  if (!adapter) return at::addmm(linear.bias, x, linear.weight.t());
  const at::Tensor& weight = adapter->weight.defined() ? adapter->weight : linear.weight;
  if (adapter->chain.empty()) return at::addmm(linear.bias, x, weight.t());
  std::vector<at::Tensor> chain;
  for (const LiveFactor& factor : adapter->chain) chain.push_back(factor.value);
  return AdaptedLinear::apply(x, weight, linear.bias, input.defined() ? input : x, adapter->scale,
                              at::TensorList(chain));
}

}  // namespace tributary::train
