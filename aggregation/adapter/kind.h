#pragma once
// The algebra of adapters: an adapted weight is W = W0 + D + s * F1 * F2 * ... * Fm, where D is an
// accumulated increment that nobody trains, s is the run's one scale, and each factor is trained or
// frozen, dense or diagonal. Shapes are written with three symbols: out x in is the weight's, r the
// rank. The number of trained factors decides which aggregation is exact (ExactRule).
// Kinds are the rows of one table; a method (aggregation/strategy) names its kind.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/tensor/tensor.h"

namespace tributary::adapter {

enum class Form { kDense, kDiagonal };  // a diagonal factor is stored as its r numbers
enum class Dimension { kOut, kRank, kIn };

struct FactorSpec {
  std::string_view name;  // "lora_A", as in PEFT files where there is such a factor
  Form form = Form::kDense;
  Dimension rows, cols;
  bool trained = false;  // by the kind; a method may alternate between trained factors
};

struct Kind {
  std::string_view name;
  std::string_view description;
  std::vector<FactorSpec> chain;  // leftmost first: s * chain[0] * chain[1] * ...

  int trained_factors() const;
};

std::span<const Kind> Kinds();
const Kind* FindKind(std::string_view name);  // null if there is none

// Which combination of updates averages the products exactly, by the number of trained factors.
enum class Rule { kMean, kStack, kAlternate };
// One trained factor: mean. Two: stack (or alternate). More: alternate.
Rule ExactRule(const Kind& kind);
std::string_view RuleName(Rule rule);  // "mean", "stack", "alternate"

// One adapted linear layer of the base model.
struct Target {
  std::string module;  // Hugging Face module path, "bert.encoder.layer.0.attention.self.query"
  int64_t out = 0, in = 0;
  bool operator==(const Target&) const = default;
};

// The shape of a factor at a layer and a rank.
Shape FactorShape(const FactorSpec& factor, const Target& target, int64_t rank);

}  // namespace tributary::adapter
