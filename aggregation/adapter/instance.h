#pragma once
// What a client trains: the adapter at the client's own rank, ready to be put into a model. It is
// made from a checkpoint by strategy::ClientStart and needs no other history.

#include <memory>

#include "aggregation/adapter/kind.h"

namespace tributary::adapter {

struct Factor {
  std::string name;  // "lora_A"
  Form form = Form::kDense;
  Tensor value = {};     // f32; dense [rows, cols], diagonal [r]
  bool trained = false;  // in this round
  // Of a trained factor only the leading block may change (Fed-SB with mixed ranks): its first
  // `block` rows and columns, or numbers. 0 means the whole factor.
  int64_t block = 0;
};

struct AdaptedLayer {
  Target target;
  std::vector<Factor> chain = {};  // leftmost first
  // f32 [out, in], added to the frozen weight; null if there is none. Shared, since all clients
  // of a round start from the same one and nobody changes it.
  std::shared_ptr<const Tensor> increment = {};
};

struct Instance {
  double scale = 1;
  std::vector<AdaptedLayer> layers = {};  // ordered by module name
  TensorMap head = {};                    // dense parts (classifier), by Hugging Face name, f32
  bool head_trained = true;
};

// Names of tensors in checkpoints, updates and results: "<module>.<factor>"; head tensors keep
// their own names. A trained block travels as the block alone.
std::string FactorName(std::string_view module, std::string_view factor);

// The leading part of an f32 tensor: its first shape[0] rows and shape[1] columns.
Tensor LeadingBlock(const TensorView& view, const Shape& shape);

// The shape of the part of a factor that is trained.
Shape BlockShape(const Factor& factor);

// Values of all trained parts by tensor name, blocks cut out: what a trainer gives back.
TensorMap TrainedValues(const Instance& instance);

// s * F1 * ... * Fm + increment, f64 [out, in].
Tensor Delta(const AdaptedLayer& layer, double scale);

}  // namespace tributary::adapter
