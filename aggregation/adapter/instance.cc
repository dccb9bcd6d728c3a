#include "aggregation/adapter/instance.h"

#include <algorithm>

#include "aggregation/adapter/linear_algebra.h"

namespace tributary::adapter {

std::string FactorName(std::string_view module, std::string_view factor) {
  return fmt::format("{}.{}", module, factor);
}

Tensor LeadingBlock(const TensorView& view, const Shape& shape) {
  TRIBUTARY_CHECK(view.dtype == DType::kF32 && view.shape.size() == shape.size(),
                  "a block of an f32 tensor");
  if (view.shape == shape) return Copy(view);
  const auto from = view.as<float>();
  Tensor block(DType::kF32, shape);
  const auto to = block.f32();
  const auto width = static_cast<size_t>(shape.size() == 2 ? shape[1] : 1);
  const auto stride = static_cast<size_t>(shape.size() == 2 ? view.shape[1] : 1);
  for (size_t row = 0; row < static_cast<size_t>(shape[0]); ++row)
    std::copy_n(from.begin() + row * stride, width, to.begin() + row * width);
  return block;
}

Shape BlockShape(const Factor& factor) {
  if (factor.block == 0) return factor.value.shape();
  return Shape(factor.value.shape().size(), factor.block);
}

TensorMap TrainedValues(const Instance& instance) {
  TensorMap values;
  for (const AdaptedLayer& layer : instance.layers)
    for (const Factor& factor : layer.chain)
      if (factor.trained)
        values[FactorName(layer.target.module, factor.name)] =
            LeadingBlock(factor.value.view(), BlockShape(factor));
  if (instance.head_trained) values.insert(instance.head.begin(), instance.head.end());
  return values;
}

Tensor Delta(const AdaptedLayer& layer, double scale) {
  Matrix product = ToMatrix(layer.chain.back().value.view());
  for (size_t i = layer.chain.size() - 1; i-- > 0;)
    product = (ToMatrix(layer.chain[i].value.view()) * product).eval();
  product *= scale;
  if (layer.increment != nullptr) product += ToMatrix(layer.increment->view());
  return ToF64(product);
}

}  // namespace tributary::adapter
