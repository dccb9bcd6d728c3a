#pragma once
// Renyi differential privacy of one event at given orders (Mironov, "Renyi differential privacy",
// CSF 2017). Internal to accounting: callers want an Accountant.

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "privacy/privacy_event.h"

namespace tributary::privacy {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The orders at which accountants look: 1.1, 1.2, ..., 10.9, 11, 12, ..., 63, 128, 256, 512, 1024.
const std::vector<double>& OrderGrid();

// R(order) of one event, for orders > 1 and at most 1024. +infinity for a multiplier of 0. The
// event has passed CheckEvent.
//
// Poisson sampling: exact to about 1e-12, by the formulas of Mironov, Talwar, Zhang, "Renyi
// differential privacy of the sampled Gaussian mechanism" (2019); the binomial sum at integer
// orders and quadrature in between (below a multiplier of 0.1 the chord between integer orders, an
// upper bound). Fixed size: the upper bound of Wang, Balle, Kasiviswanathan, "Subsampled Renyi
// differential privacy and analytical moments accountant" (AISTATS 2019), theorem 27 and
// corollary 10.
std::vector<double> RdpCurve(const PrivacyEvent& event, std::span<const double> orders);

// For the two files that compute curves.
std::vector<double> PoissonCurve(double rate, double sigma, std::span<const double> orders);
std::vector<double> FixedSizeCurve(double fraction, double sigma, std::span<const double> orders);

// ln(e^a + e^b), also for infinite a or b.
inline double LogAdd(double a, double b) {
  const double high = std::max(a, b);
  return std::isinf(high) ? high : high + std::log1p(std::exp(std::min(a, b) - high));
}
// ln|e^x - 1|
inline double LogAbsExpm1(double x) {
  return x > 1 ? x + std::log1p(-std::exp(-x)) : std::log(std::abs(std::expm1(x)));
}
// ln(1 + e^x)
inline double Log1pExp(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}
// ln of "n choose k"; reentrant, unlike std::lgamma.
double LogBinomial(int n, int k);

}  // namespace tributary::privacy
