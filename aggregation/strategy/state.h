#pragma once
// The coordinator's state of an adapter, one map of tensors:
//   "<module>.<factor>"    f32, factors of the kind at the run's rank (methods with fresh factors:
//   none)
//   "<module>.increment"   f64 [out, in], where the method accumulates one; scale included
//   head tensors           f32, by their Hugging Face names
//   "server.<m|v>.<name>"  f64, moments of a server optimizer
// The adapted weight is W0 + increment + s * F1 * F2 * ...

#include "aggregation/strategy/method.h"

namespace tributary::strategy {

// What the first state needs beside seeds.
enum class StartInput { kNothing, kGradient, kWeight, kFactors };
StartInput InputOf(const AdapterSpec& spec);

struct StartSources {
  TensorViewMap
      gradients;          // summed gradient by module: start = "public-gradient", "client-gradient"
  TensorViewMap weights;  // by module: start = "weight-svd"
  TensorViewMap factors;  // by tensor name: start = "file"
};
Result<TensorMap> InitialState(const AdapterSpec& spec, const TensorMap& head,
                               const StartSources& sources);

// Equal specs and states fit; else an error that names the tensor. For states read from a disk.
Status CheckState(const AdapterSpec& spec, const TensorMap& state);

// Increment + s * product of one target, f64 [out, in].
Tensor StateDelta(const AdapterSpec& spec, const TensorMap& state, const adapter::Target& target);

// A factor's value in the round that starts at `tensors`: kept there, or drawn where the method has
// fresh factors. At the run's rank.
Tensor StartValue(const AdapterSpec& spec, const TensorMap& tensors, const adapter::Target& target,
                  const adapter::FactorSpec& factor, int64_t round);

// A frozen factor that every party can draw by itself need not travel.
bool IsDerived(const AdapterSpec& spec, const adapter::FactorSpec& factor);
Tensor Derive(const AdapterSpec& spec, const adapter::Target& target,
              const adapter::FactorSpec& factor);

constexpr std::string_view kIncrement = "increment";

}  // namespace tributary::strategy
