#pragma once
// The passes over a round's updates that every rule is made from.

#include <map>

#include "aggregation/strategy/layer.h"
#include "aggregation/strategy/round.h"

namespace tributary::strategy {

class FactorFold {
 public:
  FactorFold(const RoundStart& start, int threads);

  // Pass 1 (after a pass for layer weights where the method has them): weighted means of all
  // deltas.
  Status FoldMeans(UpdateSource& updates);
  // Pass 2, for methods that share two trained factors: the layers with their E. After FoldMeans.
  Status FoldProducts(UpdateSource& updates);

  // Mean deltas by tensor name, f64, zero-padded to the run's rank.
  TensorMap TakeMeanDeltas() { return std::move(means_); }
  std::vector<LayerFold>& layers() { return layers_; }  // in the order of spec.targets

 private:
  // Sums of weights at one layer (or over the head), in all and by the rank of the client.
  struct Total {
    double weight = 0;
    std::map<int64_t, double> by_rank;
  };

  Status FoldLayerWeights(UpdateSource& updates);
  void AddGroup(std::span<const Update> group, const std::string& name,
                std::optional<size_t> layer);
  double WeightAt(const Update& update, std::optional<size_t> layer) const;
  // Start + delta, at the client's rank.
  LayerFactors ValuesAt(const Update& update, size_t layer) const;
  adapter::Matrix MeanValue(const adapter::Matrix& start, const Total& total, std::string_view name,
                            bool by_row) const;

  const RoundStart& start_;
  const Method& method_;
  const int threads_;
  std::map<std::string, std::optional<size_t>> tensors_;  // uploaded tensors and their layer
  std::vector<LayerFactors> starts_;  // at the run's rank; only where two factors are trained
  std::vector<double> own_weights_;   // sum of layer weights; 0: the run's weights count
  std::vector<Total> totals_;         // by layer
  Total head_total_;
  TensorMap means_;
  std::vector<LayerFold> layers_;
};

}  // namespace tributary::strategy
