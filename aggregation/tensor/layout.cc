#include "aggregation/tensor/layout.h"

namespace tributary {

Layout LayoutOf(const TensorMap& tensors) {
  Layout layout;
  for (const auto& [name, tensor] : tensors) layout[name] = {tensor.dtype(), tensor.shape()};
  return layout;
}

TensorViewMap ViewsOf(const TensorMap& tensors) {
  TensorViewMap views;
  for (const auto& [name, tensor] : tensors) views.emplace(name, tensor.view());
  return views;
}

Status CheckCompatible(const Layout& expected, const TensorViewMap& found) {
  for (const auto& [name, entry] : expected) {
    const auto it = found.find(name);
    if (it == found.end())
      return InvalidArgument("{}: missing, expected {} {}", name, DTypeName(entry.dtype),
                             FormatShape(entry.shape));
    if (it->second.shape != entry.shape)
      return InvalidArgument("{}: shape {}, expected {}", name, FormatShape(it->second.shape),
                             FormatShape(entry.shape));
    if (it->second.dtype != entry.dtype)
      return InvalidArgument("{}: dtype {}, expected {}", name, DTypeName(it->second.dtype),
                             DTypeName(entry.dtype));
  }
  for (const auto& [name, view] : found)
    if (!expected.contains(name)) return InvalidArgument("{}: not expected here", name);
  return {};
}

}  // namespace tributary
