#pragma once
// What a client trains: the adapter at the client's own rank, ready to be put into a model. It is
// made from a checkpoint by strategy::ClientStart and needs no other history.

#include <optional>

#include "aggregation/adapter/kind.h"

namespace tributary::adapter {

struct Factor {
  std::string name;               // "lora_A"
  Form form = Form::kDense;
  Tensor value;                   // f32; dense [rows, cols], diagonal [r]
  bool trained = false;
  // Of a trained factor only the leading block may change (Fed-SB with mixed ranks): its first
  // `block` rows and columns, or numbers. 0 means the whole factor.
  int64_t block = 0;
};

struct AdaptedLayer {
  Target target;
  std::vector<Factor> chain;       // leftmost first
  std::optional<Tensor> increment; // f32 [out, in], added to the frozen weight
};

struct Instance {
  double scale = 1;
  std::vector<AdaptedLayer> layers;  // ordered by module name
  TensorMap head;                    // dense parts (classifier), by Hugging Face name, f32
  bool head_trained = true;
};

// Names of tensors in checkpoints, updates and results: "<module>.<factor>"; head tensors keep
// their own names. A trained block travels as the block alone.
std::string FactorName(std::string_view module, std::string_view factor);

// Values of all trained parts by tensor name, blocks cut out: what a trainer gives back.
TensorMap TrainedValues(const Instance& instance);

// s * F1 * ... * Fm + increment in double, row-major [out, in].
Tensor Delta(const AdaptedLayer& layer, double scale);

}  // namespace tributary::adapter
