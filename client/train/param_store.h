#pragma once
// The frozen parameters of a model by Hugging Face name, as tensors over the mapped file where its
// bytes are aligned f32 and the device is the CPU; converted or copied otherwise.

#include <map>
#include <string>

#include "client/model/directory.h"
#include "client/train/linear.h"

namespace tributary::train {

class ParamStore {
 public:
  static Result<ParamStore> Load(const model::Directory& directory, at::Device device);

  const at::Tensor& Get(const std::string& name) const;  // the name must exist
  Linear GetLinear(const std::string& module) const;
  at::Device device() const { return device_; }

 private:
  std::shared_ptr<const SafetensorsReader> file_;  // keeps the mapping alive
  std::map<std::string, at::Tensor> tensors_;
  at::Device device_ = at::kCPU;
};

// Host tensor to device tensor (copied) and back.
at::Tensor ToTorch(const TensorView& view, at::Device device);
Tensor FromTorch(const at::Tensor& tensor);  // f32 or f64

}  // namespace tributary::train
