#pragma once
// The methods, one .cc each; registry.cc lists them.

#include "aggregation/strategy/layer.h"
#include "aggregation/strategy/method.h"

namespace tributary::strategy {

extern const Method kFedIt, kFlora, kFedSb, kLoraFair, kFfaLora, kRoLora, kFedExLora, kFlexLora,
    kHetLora, kFedSaLora, kLocal;

// What both factors of a layer cost, and what its increment costs in the smaller of its two forms.
constexpr int64_t FactorPair(const Exchange& e) { return e.rank * (e.out + e.in); }
constexpr int64_t Increment(const Exchange& e) {
  const int64_t pair = e.stacked * (e.out + e.in), dense = e.out * e.in;
  return pair < dense ? pair : dense;
}

}  // namespace tributary::strategy
