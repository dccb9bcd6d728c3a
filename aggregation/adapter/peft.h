#pragma once
// An adapter as PEFT files see it: per layer a product left * right with a scale, and dense parts
// (modules_to_save). W = W0 + scale * left * right; PEFT's lora_B is left, lora_A is right, and its
// scale is alpha / r.

#include <string>
#include <vector>

#include "aggregation/adapter/kind.h"
#include "aggregation/adapter/linear_algebra.h"

namespace tributary::adapter {

struct PeftLayer {
  std::string module;  // Hugging Face module path
  double scale = 1;
  Pair factors = {};
};

struct PeftAdapter {
  std::vector<PeftLayer> layers;  // ordered by module
  TensorMap head;                 // f32, by Hugging Face name
};

}  // namespace tributary::adapter
