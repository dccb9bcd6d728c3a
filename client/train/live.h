#pragma once
// From an adapter's host tensors to what a model computes with, and back. All trained numbers lie
// in one flat buffer, in the order of adapter::TrainedValues.

#include "client/train/encoder.h"

namespace tributary::train {

class LiveState {
 public:
  // Checks the instance against the model: unknown modules, shapes, head layout.
  static Result<LiveState> Make(const adapter::Instance& instance, const Encoder& encoder);

  at::Tensor& values() { return values_; }  // flat f32 on the model's device
  int64_t labels() const { return labels_; }
  const std::string& part_name(size_t i) const {
    return parts_[i].name;
  }  // of the i-th leaf of Bind

  // An instance for one forward pass. `leaves` receives the trained parts, which share the flat
  // buffer's memory and require grad if `train`.
  LiveInstance Bind(bool train, std::vector<at::Tensor>* leaves) const;

  // With the dense weights themselves as leaves (adapter folded in), by module name.
  LiveInstance BindDense(std::map<std::string, at::Tensor>* leaves) const;

  TensorMap Values() const;  // as adapter::TrainedValues

 private:
  struct Part {  // one trained tensor in the flat buffer
    std::string name;
    int64_t begin = 0;
    std::vector<int64_t> shape;
  };
  struct FactorState {
    at::Tensor frozen;  // whole value; zero where the leading block is trained
    int part = -1;      // index into parts_, -1 if frozen
    bool block = false;
  };
  struct LayerState {
    double scale = 1;
    std::vector<FactorState> chain;
    at::Tensor weight;  // W + increment, if there is one
    at::Tensor base;    // W
  };
  at::Tensor View(const Part& part) const;

  std::map<std::string, LayerState> layers_;
  std::map<std::string, std::pair<at::Tensor, int>> head_;  // frozen value or part
  std::vector<Part> parts_;
  at::Tensor values_;
  int64_t labels_ = 0;
};

}  // namespace tributary::train
