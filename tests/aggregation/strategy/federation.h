#pragma once
// A small federation for tests: two rectangular layers, a head, and clients that "train" by moving
// everything that is trained by seeded normal draws.

#include <memory>
#include <string>
#include <vector>

#include "aggregation/adapter/linear_algebra.h"
#include "aggregation/base/random.h"
#include "aggregation/strategy/round.h"

namespace tributary::strategy {

inline AdapterSpec SmallSpec(std::string_view method, int64_t rank = 3) {
  AdapterSpec spec;
  spec.method = method;
  spec.rank = rank;
  spec.scale = 1.5;
  spec.targets = {{"encoder.0.query", 6, 9}, {"encoder.1.value", 7, 5}};
  spec.head = {{"classifier.bias", {DType::kF32, {4}}},
               {"classifier.weight", {DType::kF32, {4, 7}}}};
  spec.seed = 11;
  return spec;
}

inline Tensor RandomTensor(const Shape& shape, std::string_view name, uint64_t seed = 1) {
  Tensor tensor(DType::kF32, shape);
  Random random(seed, "test tensor", {name});
  random.FillNormal(tensor.f32(), 0.5F);
  return tensor;
}

inline TensorMap SmallHead(const AdapterSpec& spec) {
  TensorMap head;
  for (const auto& [name, entry] : spec.head) head[name] = RandomTensor(entry.shape, name);
  return head;
}

inline TensorMap StartOfRun(const AdapterSpec& spec) {
  TensorMap dense, factors;
  for (const auto& target : spec.targets) {
    dense[target.module] = RandomTensor({target.out, target.in}, target.module);
    for (const auto& factor : MethodOf(spec).adapter_kind().chain) {
      const std::string name = adapter::FactorName(target.module, factor.name);
      factors[name] = RandomTensor(adapter::FactorShape(factor, target, spec.rank), name);
    }
  }
  auto state =
      InitialState(spec, SmallHead(spec), {ViewsOf(dense), ViewsOf(dense), ViewsOf(factors)});
  TRIBUTARY_CHECK(state.has_value(), "a test's run starts");
  return *std::move(state);
}

struct Participant {
  std::string client;
  int64_t weight = 1;
  int64_t rank = 0;  // 0: the run's
};

// What one client did in a round.
struct Sent {
  Participant who;
  adapter::Instance start, trained;
  ClientUpdate update;
};

inline Sent Train(const AdapterSpec& spec, const TensorMap& state, Participant who,
                  RoundPosition position, std::string_view draw = "", const TensorMap& local = {}) {
  if (who.rank == 0) who.rank = spec.rank;
  auto checkpoint = OpenCheckpoint(spec, who.rank, Publish(spec, state, who.rank));
  TRIBUTARY_CHECK(checkpoint.has_value(), "a published checkpoint opens");
  auto start = ClientStart(spec, *checkpoint, who.rank, position, local);
  TRIBUTARY_CHECK(start.has_value(), "a client starts");
  Sent sent{who, *start, *start, {}};
  TensorMap values = adapter::TrainedValues(*start);
  const std::string round = std::to_string(position.round);
  for (auto& [name, value] : values) {
    Random random(5, "test training", {name, draw.empty() ? who.client : draw, round});
    for (float& x : value.f32()) x += 0.3F * static_cast<float>(random.Normal());
  }
  for (auto& layer : sent.trained.layers)
    for (auto& factor : layer.chain) {
      const auto value = values.find(adapter::FactorName(layer.target.module, factor.name));
      if (value == values.end()) continue;
      const Shape block = value->second.shape();
      const auto width = static_cast<size_t>(block.back());
      const auto stride = static_cast<size_t>(factor.value.shape().back());
      for (size_t row = 0; row * width < value->second.f32().size(); ++row)
        std::copy_n(value->second.f32().begin() + row * width, width,
                    factor.value.f32().begin() + row * stride);
    }
  if (start->head_trained)
    for (auto& [name, tensor] : sent.trained.head) tensor = values.at(name);
  auto update = MakeUpdate(spec, *start, values);
  TRIBUTARY_CHECK(update.has_value(), "a finite training gives an update");
  sent.update = *std::move(update);
  return sent;
}

inline std::unique_ptr<UpdateSource> SourceOf(const std::vector<Sent>& sent) {
  std::vector<Update> updates;
  for (const Sent& s : sent)
    updates.push_back({s.who.client, s.who.weight, s.who.rank, ViewsOf(s.update.deltas)});
  return *MakeMemorySource(std::move(updates));
}

inline RoundResult Finish(const AdapterSpec& spec, const TensorMap& state,
                          const std::vector<Sent>& sent, RoundPosition position) {
  const auto source = SourceOf(sent);
  auto result = Aggregate({spec, state, position}, *source);
  TRIBUTARY_CHECK(result.has_value(), "a round of good updates finishes");
  return *std::move(result);
}

inline std::vector<Sent> TrainAll(const AdapterSpec& spec, const TensorMap& state,
                                  const std::vector<Participant>& who, RoundPosition position) {
  std::vector<Sent> sent;
  for (const Participant& participant : who)
    sent.push_back(Train(spec, state, participant, position));
  return sent;
}

// The mean of what the clients' own adapters add to a layer, formed densely: the exact aggregate.
inline adapter::Matrix MeanDelta(const std::vector<Sent>& sent, size_t layer) {
  double total = 0;
  for (const Sent& s : sent) total += static_cast<double>(s.who.weight);
  adapter::Matrix mean;
  for (const Sent& s : sent) {
    const Tensor delta = adapter::Delta(s.trained.layers[layer], s.trained.scale);
    const adapter::Matrix share =
        adapter::ToMatrix(delta.view()) * (static_cast<double>(s.who.weight) / total);
    mean = mean.size() == 0 ? share : adapter::Matrix(mean + share);
  }
  return mean;
}

inline adapter::Matrix DeltaOf(const AdapterSpec& spec, const TensorMap& state, size_t layer) {
  return adapter::ToMatrix(StateDelta(spec, state, spec.targets[layer]).view());
}

inline const std::vector<Participant> kThree = {{"alpha", 1}, {"beta", 3}, {"gamma", 2}};

}  // namespace tributary::strategy
