#include "client/train/param_store.h"

#include <cstring>

namespace tributary::train {
namespace {

at::IntArrayRef Sizes(const Shape& shape) { return at::IntArrayRef(shape.data(), shape.size()); }

}  // namespace

at::Tensor ToTorch(const TensorView& view, at::Device device) {
  const Tensor f32 = view.dtype == DType::kF32 ? Copy(view) : *Convert(view, DType::kF32);
  at::Tensor tensor = at::empty(Sizes(view.shape), at::kFloat);
  std::memcpy(tensor.mutable_data_ptr(), f32.bytes().data(), f32.bytes().size());
  return device.is_cpu() ? tensor : tensor.to(device);
}

Tensor FromTorch(const at::Tensor& tensor) {
  const at::Tensor host = tensor.detach().to(at::kCPU).contiguous();
  const bool wide = host.scalar_type() == at::kDouble;
  Tensor out(wide ? DType::kF64 : DType::kF32, Shape(host.sizes().begin(), host.sizes().end()));
  const at::Tensor typed = host.to(wide ? at::kDouble : at::kFloat);
  if (out.size() > 0) std::memcpy(out.bytes().data(), typed.const_data_ptr(), out.bytes().size());
  return out;
}

Result<ParamStore> ParamStore::Load(const model::Directory& directory, at::Device device) {
  ParamStore store;
  store.file_ = directory.file;
  store.device_ = device;
  for (const auto& [name, view] : directory.weights) {
    const bool aligned = reinterpret_cast<uintptr_t>(view.bytes.data()) % alignof(float) == 0;
    if (device.is_cpu() && view.dtype == DType::kF32 && aligned)
      store.tensors_[name] =
          at::from_blob(const_cast<std::byte*>(view.bytes.data()), Sizes(view.shape), at::kFloat);
    else
      store.tensors_[name] = ToTorch(view, device);
  }
  return store;
}

const at::Tensor& ParamStore::Get(const std::string& name) const {
  const auto it = tensors_.find(name);
  TRIBUTARY_CHECK(it != tensors_.end(),
                  "parameter " + name + " was checked when the model was opened");
  return it->second;
}

Linear ParamStore::GetLinear(const std::string& module) const {
  return {Get(module + ".weight"), Get(module + ".bias")};
}

}  // namespace tributary::train
