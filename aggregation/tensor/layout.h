#pragma once
// What a map of tensors must look like: names, dtypes, shapes. Checked before a value is used.

#include "aggregation/tensor/tensor.h"

namespace tributary {

struct LayoutEntry {
  DType dtype = DType::kF32;
  Shape shape;
  bool operator==(const LayoutEntry&) const = default;
};
using Layout = std::map<std::string, LayoutEntry, std::less<>>;
using TensorViewMap = std::map<std::string, TensorView, std::less<>>;

Layout LayoutOf(const TensorMap& tensors);
TensorViewMap ViewsOf(const TensorMap& tensors);  // valid while `tensors` lives unchanged

// Equal names, dtypes and shapes; else an error that names the first tensor that differs, e.g.
// "layer.3.q.lora_A: shape [8,64], expected [16,64]".
Status CheckCompatible(const Layout& expected, const TensorViewMap& found);

}  // namespace tributary
