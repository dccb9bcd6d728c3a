#include "aggregation/adapter/kind.h"

#include <algorithm>

namespace tributary::adapter {
namespace {

using enum Form;
using enum Dimension;

int64_t Extent(Dimension dimension, const Target& target, int64_t rank) {
  switch (dimension) {
    case kOut:
      return target.out;
    case kRank:
      return rank;
    case kIn:
      return target.in;
  }
  CheckFailed(__FILE__, __LINE__, "a dimension is out, rank or in");
}

const std::vector<Kind>& Table() {
  static const std::vector<Kind> table = {
      {"lora",
       "B A, both trained (LoRA)",
       {{"lora_B", kDense, kOut, kRank, true}, {"lora_A", kDense, kRank, kIn, true}}},
      {"lora-fa",
       "B A, B trained, A frozen (LoRA-FA)",
       {{"lora_B", kDense, kOut, kRank, true}, {"lora_A", kDense, kRank, kIn, false}}},
      {"sandwich",
       "B R A, only the r x r matrix R trained (LoRA-SB, LoRA-XS)",
       {{"lora_B", kDense, kOut, kRank, false},
        {"lora_R", kDense, kRank, kRank, true},
        {"lora_A", kDense, kRank, kIn, false}}},
      {"diagonal-sandwich",
       "B diag(d) A, only the r numbers d trained",
       {{"lora_B", kDense, kOut, kRank, false},
        {"lora_d", kDiagonal, kRank, kRank, true},
        {"lora_A", kDense, kRank, kIn, false}}},
  };
  return table;
}

}  // namespace

std::span<const Kind> Kinds() { return Table(); }

const Kind* FindKind(std::string_view name) {
  const auto it = std::ranges::find(Table(), name, &Kind::name);
  return it == Table().end() ? nullptr : &*it;
}

int Kind::trained_factors() const {
  return static_cast<int>(std::ranges::count(chain, true, &FactorSpec::trained));
}

Rule ExactRule(const Kind& kind) {
  const int trained = kind.trained_factors();
  return trained == 1 ? Rule::kMean : trained == 2 ? Rule::kStack : Rule::kAlternate;
}

std::string_view RuleName(Rule rule) {
  return rule == Rule::kMean ? "mean" : rule == Rule::kStack ? "stack" : "alternate";
}

Shape FactorShape(const FactorSpec& factor, const Target& target, int64_t rank) {
  if (factor.form == kDiagonal) return {Extent(factor.rows, target, rank)};
  return {Extent(factor.rows, target, rank), Extent(factor.cols, target, rank)};
}

}  // namespace tributary::adapter
