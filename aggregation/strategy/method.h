#pragma once
// A method is a paper's name for a preset: an adapter kind, what of it is trained, shared and
// started how, and the rule that turns updates into the next state. It is data; the engine
// (round.h) reads it. One .cc and one line in registry.cc each.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/strategy/spec.h"

namespace tributary::strategy {

// How a client whose rank is below the run's takes part.
enum class Ranks {
  kEqual,    // not at all
  kLeading,  // with the leading rows and columns of every factor
  kBlock,    // with whole factors in the forward pass, training a leading block
};

// In layer.h, which includes a library of matrices.
struct LayerFold;
struct LayerResult;
struct LayerFactors;

using ProductRule = LayerResult (*)(const AdapterSpec& spec, const LayerFold& fold);
// A client's weight at a layer from its own factors; the run's weights are used where all are zero.
using LayerWeight = double (*)(const AdapterSpec& spec, const LayerFactors& factors);

// Elements that a client of `rank` moves for one layer in a steady round (it has everything of the
// round before), where `stacked` ranks have gone into increments and `committed` rounds came
// before.
struct Exchange {
  int64_t out = 0, in = 0, rank = 0, full_rank = 0, stacked = 0, committed = 1;
};
using ElementCount = int64_t (*)(const Exchange& exchange);

inline constexpr std::string_view kSeededStarts[] = {"kaiming", "normal", "orthonormal"};
inline constexpr std::string_view kFactorStarts[] = {"kaiming", "normal", "orthonormal", "file"};
inline constexpr std::string_view kFrameStarts[] = {"orthonormal", "public-gradient",
                                                    "client-gradient", "weight-svd", "file"};

struct Method {
  std::string_view name;       // "fed-sb"
  std::string_view title;      // "Fed-SB"
  std::string_view reference;  // authors, year, arXiv number
  std::string_view kind;       // a row of adapter::Kinds()
  std::string_view trained;    // in words, for people
  std::string_view rule;       // the aggregation rule in words and symbols
  std::span<const std::string_view> starts = kFactorStarts;  // the first is the default

  Ranks ranks = Ranks::kEqual;
  bool fresh_factors = false;  // drawn anew each round and not kept in the state
  bool alternates = false;     // between the kind's trained factors, the first one first
  // Trained, never uploaded, kept by the client between rounds.
  std::span<const std::string_view> local_factors = {};
  bool local_head = false;
  bool adds_increment = false;  // the rule adds to layers' increments

  // Null: the rule is a mean of deltas, new = start + optimizer(sum_k p_k delta_k), and server
  // optimizers apply. Otherwise the exact or corrected rule on whole layers.
  ProductRule product_rule = nullptr;
  LayerWeight layer_weight = nullptr;

  std::string_view up = {}, down = {};  // formulas in r, m = out, n = in, for people
  ElementCount elements_up = nullptr, elements_down = nullptr;

  bool is_mean() const { return product_rule == nullptr; }
  bool is_local(std::string_view factor) const;
  bool is_personal() const { return !local_factors.empty(); }  // there is no one adapter
  // Mean of one trained factor: linear in what clients send, so clipping, noise and secure sums
  // apply.
  bool additive() const;
  const adapter::Kind& adapter_kind() const;
};

std::span<const Method* const> Methods();  // in the order of the documentation
const Method* FindMethod(std::string_view name);

// The method of a spec that has no faults.
const Method& MethodOf(const AdapterSpec& spec);
std::string_view StartOf(const AdapterSpec& spec);

// Names of the methods for which the predicate holds, "a, b, c": for messages.
std::string MethodsWhere(bool (*holds)(const Method&));

// The factors that round `committed` (how many rounds were committed before it) trains.
std::vector<const adapter::FactorSpec*> TrainedFactors(const Method& method, int64_t committed);

}  // namespace tributary::strategy
